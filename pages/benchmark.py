"""Benchmark: the paper's tables beside ours, and how much of every score needs no model."""

from __future__ import annotations

import streamlit as st

from ui import (
    benchmark_beside,
    benchmark_cell,
    benchmark_circuits,
    benchmark_controls,
    benchmark_heads,
    benchmark_pairs,
    benchmark_printed,
    benchmark_results,
    benchmark_table,
    frame,
)
from ui.errors import said_in_place

frame.come_through_app()
title, tables = st.columns([2, 5], vertical_alignment="center")
title.title("Benchmark", anchor=False)

benchmark_controls.adopt()
with tables, st.container(horizontal=True, horizontal_alignment="right"):
    table = benchmark_controls.table_choice()
printed = benchmark_table.heading(table)
found = benchmark_results.of_table(table)
asked = benchmark_controls.ask(found)
results = benchmark_results.choose(found, table, asked.model, asked.sampler)
if results is not None:
    with said_in_place():
        results = benchmark_beside.own_scores(benchmark_beside.beside(results, found))
        view = benchmark_controls.view(table, results)
        standings = benchmark_table.standings_of(results, view)
        benchmark_table.contributor(results)
        benchmark_table.words(standings)
        benchmark_table.string_note(results, view)
        benchmark_table.findings()
        cells = benchmark_table.show(results, view, printed)
        if len(results.facts.neg_ratios) > 1:
            benchmark_table.ratios(results, view)
        benchmark_cell.show(results, view, cells)
        with said_in_place():
            benchmark_pairs.show(results, view, *benchmark_cell.chosen(), benchmark_cell.best_shortcut(cells))
        benchmark_table.downloads(results, view, standings)
if table == 1:
    benchmark_heads.show(asked.model)
    benchmark_printed.show()
benchmark_circuits.show()
benchmark_controls.write_address()
