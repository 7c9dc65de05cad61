"""Benchmark: the paper's tables beside ours, and how much of every score needs no model."""

from __future__ import annotations

import streamlit as st

from ui import frame
from ui.benchmark import beside as benchmark_beside
from ui.benchmark import cell as benchmark_cell
from ui.benchmark import circuits, controls, prevalence
from ui.benchmark import pairs as benchmark_pairs
from ui.benchmark import printed as benchmark_printed
from ui.benchmark import results as benchmark_results
from ui.benchmark import table as benchmark_table
from ui.shared.errors import said_in_place

frame.come_through_app()
title, tables = st.columns([2, 5], vertical_alignment="center")
title.title("Benchmark", anchor=False)

controls.apply_url()
with tables, st.container(horizontal=True, horizontal_alignment="right"):
    table = controls.table_choice()
printed = benchmark_table.heading(table)
found = benchmark_results.of_table(table)
asked = controls.ask(found)
results = benchmark_results.choose(found, table, asked.model, asked.sampler)
if results is not None:
    with said_in_place():
        results = benchmark_beside.own_scores(benchmark_beside.beside(results, found))
        view = controls.view(table, results)
        standings = benchmark_table.standings_of(results, view)
        benchmark_table.contributor(results)
        benchmark_table.verdicts(standings)
        benchmark_table.string_note(results, view)
        benchmark_table.both_draws(results, found, view)
        benchmark_table.findings()
        cells = benchmark_table.show(results, view, printed)
        if len(results.facts.neg_ratios) > 1:
            benchmark_table.ratios(results, view)
        benchmark_cell.show(results, view, cells)
        with said_in_place():
            benchmark_pairs.show(results, view, *benchmark_cell.chosen(), benchmark_cell.best_shortcut(cells))
        benchmark_table.downloads(results, view, standings)
if table == 1:
    prevalence.show(asked.model)
    benchmark_printed.show()
circuits.show()
controls.write_address()
