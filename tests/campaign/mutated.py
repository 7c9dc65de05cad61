"""What ``make mutate`` changes: rooms with their tests, changes by hand, and changes that change nothing."""

from __future__ import annotations

ROOMS = {
    "../ui/shared/errors.py": "second_look",
    "added_genes.py": "context pair noticed",
    "api/genes.py": "library",
    "api/get.py": "library",
    "api/inputs.py": "library",
    "api/networks.py": "library",
    "api/pairs.py": "library",
    "api/tl.py": "library",
    "api/training.py": "library",
    "backbones/backbone.py": "sweep neighbourhood company",
    "backbones/checkpoint.py": "checkpoint",
    "backbones/full_context.py": "sweep_paths sweep",
    "backbones/hyper_dual.py": "hyper_dual row_threads",
    "backbones/layouts.py": "layouts checkpoint",
    "backbones/linear.py": "sweep_paths",
    "backbones/transformer.py": "transformer sweep_paths sweep row_threads layouts",
    "backbones/two_genes.py": "sweep_paths sweep",
    "benchmark/exchange.py": "exchange",
    "benchmark/features.py": "by_hand translators benchmark",
    "benchmark/given.py": "by_hand given_scores exchange",
    "benchmark/metrics.py": "by_hand protocols prevalence noticed benchmark",
    "benchmark/prevalence.py": "by_hand prevalence",
    "benchmark/protocols.py": "by_hand protocols",
    "benchmark/sampling.py": "by_hand sampling exchange protocols noticed",
    "benchmark/scores.py": "by_hand benchmark",
    "benchmark/scoring.py": "exchange prevalence given_scores",
    "benchmark/tables.py": "by_hand benchmark benchmark_figures",
    "checked_json.py": "checked_json untrusted_recipes checkpoint",
    "circuits/circuit.py": "circuit_recipe circuits",
    "circuits/control.py": "circuit_recipe circuit_control",
    "circuits/control_case.py": "circuit_recipe circuit_control",
    "circuits/first_weights.py": "circuit_recipe circuits circuit_control",
    "circuits/joint.py": "circuit_recipe circuit_control",
    "circuits/means.py": "circuit_recipe circuit_control",
    "circuits/random_circuit.py": "circuit_recipe circuits circuit_control",
    "circuits/rivals.py": "circuit_recipe circuit_control",
    "circuits/simulation.py": "circuit_recipe circuits",
    "circuits/sparse.py": "circuit_recipe circuit_control",
    "circuits/teaching.py": "circuits drivers",
    "circuits/training.py": "circuit_recipe circuits circuit_control",
    "company.py": "company",
    "data/binning.py": "binning scale",
    "data/cell_values.py": "cell_values",
    "data/column.py": "cell_groups h5ad other_hdf5",
    "data/containers/archive.py": "archives containers",
    "data/containers/mtx.py": "matrix_market containers",
    "data/containers/table.py": "cell_tables containers",
    "data/context.py": "context",
    "data/group_sums.py": "group_sums",
    "data/groups.py": "reader_parts cell_groups h5ad reader noticed",
    "data/hdf5.py": "hdf5 links h5ad",
    "data/limits.py": "reader_parts",
    "data/matrix.py": "matrix h5ad",
    "data/other_hdf5.py": "other_layouts other_hdf5",
    "data/reader.py": "reader_parts reader noticed",
    "data/scale.py": "survey scale h5ad",
    "data/standardised.py": "context",
    "data/untrusted.py": "reader_parts links reader uploads",
    "drivers/drivers.py": "drivers",
    "drivers/toward.py": "drivers",
    "evidence/activities.py": "activities",
    "evidence/correlation.py": "evidence",
    "evidence/detection.py": "evidence",
    "evidence/evidence.py": "evidence",
    "evidence/resampling.py": "evidence",
    "figures/network_look.py": "network_figures",
    "gene_effects/effects.py": "by_hand gene_effects",
    "genes/columns.py": "tables_people_have columns_cli gene_list",
    "genes/gene_list.py": "gene_list edge_tables",
    "genes/pair_lines.py": "tables_people_have gene_list",
    "genes/pair_list.py": "gene_list edge_tables given_scores",
    "genes/resolve.py": "resolve",
    "genes/text_file.py": "tables_people_have gene_list columns_cli",
    "methods/attention.py": "by_hand probes",
    "methods/embedding.py": "by_hand probes readings",
    "methods/expression_probes.py": "by_hand benchmark",
    "methods/gdt.py": "by_hand probes readings",
    "methods/gene_class.py": "by_hand readings",
    "methods/marginal.py": "by_hand benchmark",
    "methods/perturbation.py": "by_hand probes benchmark",
    "methods/reading.py": "by_hand probes readings",
    "methods/shortcuts.py": "by_hand benchmark answers",
    "methods/vvp.py": "by_hand probes readings",
    "neighbourhood/table.py": "by_hand neighbourhood",
    "network/blocks.py": "network network_estimate",
    "network/compare.py": "network_views network_panels",
    "network/direction.py": "direction noticed network_order",
    "network/edge_filter.py": "network_views noticed columns_cli network",
    "network/edge_table.py": "network network_views",
    "network/recipe.py": "untrusted_recipes network_question",
    "network/run.py": "network network_estimate",
    "network/scores.py": "disk_array network_order network",
    "pair.py": "pair gene_effects figures noticed",
    "pair_hashes.py": "translators",
    "pair_specific.py": "probes pair",
    "pinned.py": "pinned fetch",
    "random_pairs.py": "reasons pair",
    "residual.py": "probes pair",
    "rows.py": "rows store damaged_store",
    "session_file.py": "session_file",
    "several_models.py": "several_models",
    "shared_work.py": "second_look shared_work noticed",
    "spreadsheet.py": "spreadsheet",
    "store.py": "rows store damaged_store second_look",
    "stored_sweep.py": "second_look pair context noticed",
    "sweep.py": "sweep sweep_paths row_threads",
    "trajectory.py": "trajectory",
    "translation/cost.py": "training_cost translator_kinds",
    "translation/held_out.py": "translators",
    "translation/reasons.py": "reasons",
    "translation/scoring.py": "network reasons",
    "translation/training.py": "translators translator_kinds",
    "translation/training_set.py": "translator_kinds translators noticed",
    "translators/calibration.py": "translators",
    "translators/credit.py": "reasons",
    "translators/exchange.py": "untrusted_translators translator_kinds transport noticed",
    "translators/kinds.py": "translator_kinds",
    "translators/library.py": "untrusted_translators translators library",
    "translators/mlp.py": "translators translator_kinds",
    "translators/schema.py": "translators untrusted_translators",
    "translators/translator.py": "translators untrusted_translators noticed",
    "whole_files.py": "whole_files",
}
"""Files that are changed, from ``ugrn_core``, and the tests that hold each."""


BY_HAND = (
    ("stored_sweep.py", "base=settings.base if context.values is None else context.values,", "base=settings.base,"),
    ("translation/training_set.py", "for r in rows if r.data_set != row.data_set]", "for r in rows]"),
    ("benchmark/metrics.py", "(s not in seen) + (t not in seen)", "2 * (s not in seen)"),
    ("translators/translator.py", "self.card.prevalence if prevalence is None", "prior if prevalence is None"),
    ("network/direction.py", "PERCENTILE = 99.0", "PERCENTILE = 50.0"),
    ("network/direction.py", "rule.tf_tf if both else rule.tf_other", "rule.tf_other if both else rule.tf_tf"),
    ("network/direction.py", "[gaps[both][:N_RANDOM], gaps[~both][:N_RANDOM]]",
     "[gaps[~both][:N_RANDOM], gaps[both][:N_RANDOM]]"),
    ("benchmark/sampling.py", "Draw(free, positive, edge.sum(0),", "Draw(free, positive, positive.sum(0),"),
    ("added_genes.py", "known[g][0] if g in known else base for", "known[g][0] if g in known else 0.0 for"),
    ("pair.py", "for pair in ((request.source, request.target), (request.target, request.source)):",
     "for pair in ((request.source, request.target),):"),
    ("network/edge_filter.py", "<= fdr + ROUNDING", "< fdr - ROUNDING"),
    ("shared_work.py", "            found |= _read(store, missing)\n", ""),
    ("shared_work.py", "    with held.locks:\n", "    with ExitStack():\n"),
    ("data/reader.py", "resource.getpagesize() + memory)", "resource.getpagesize() + (memory << 20))"),
    ("data/groups.py", "* n_genes <= MAX_PROFILE_VALUES", "* n_genes <= 1 << 60"),
    ("../ui/shared/errors.py", r"\[\]<>", "<>"),
    ("figures/network_look.py", '.replace("<", "&lt;")', ""),
    ("translators/exchange.py", "or sum(m.file_size for m in members) > MAX_BYTES", "or len(members) < 0"),
)  # fmt: skip
"""File, text, and what it is changed to."""


EQUIVALENT: dict[str, tuple[tuple[tuple[str, ...], str], ...]] = {
    "backbones/checkpoint.py": (
        (
            (
                "_binned: 6 of round(BASE_SHARE * top, 6)  ->  7",
                "_binned: 6 of round(x * top, 6)  ->  7",
            ),
            "shares of a whole number of bins have two decimals: any six or more take off what a float adds",
        ),
        (("save_checkpoint: 1 of indent=1  ->  2",), "blanks of a file of JSON"),
    ),
    "backbones/full_context.py": ((("_rows: True of non_blocking=True  ->  False",), "waits for the device, or not"),),
    "backbones/transformer.py": (
        (
            (
                "dual_relu_: False of torch.ops.aten.leaky_relu_backward.grad_input(tangent, primal, slope, False, "
                "grad_input=tangent)  ->  True",
            ),
            "whether torch is given what went in or what came out of a ReLU: both have the same sign",
        ),
    ),
    "backbones/two_genes.py": (
        (("_different: True of non_blocking=True  ->  False",), "waits for the device, or not"),
    ),
    "benchmark/given.py": (
        (
            ("_unpacked: 1 of MAX_EDGE_BYTES + 1  ->  2",),
            "how much more than the most is read of a file that is refused",
        ),
    ),
    "benchmark/metrics.py": (
        (
            (
                "ranking_metrics: True of assume_finite=True  ->  False",
                "ranking_metrics: True of skip_parameter_validation=True  ->  False",
            ),
            "scikit-learn looks once more at what was looked at before",
        ),
        (
            (
                "heads: BLOCK // runs.edges.shape[0]  ->  BLOCK * runs.edges.shape[0]",
                "heads: 1 of max(BLOCK // runs.edges.shape[0], 1)  ->  2",
                "heads: 0 of runs.edges.shape[0]  ->  1",
            ),
            "how many resamples are scored at once; the same scores come",
        ),
        (
            ("among: ends < k  ->  ends <= k",),
            "where the best k end with a run, the next run counts with none of its pairs: the same share",
        ),
    ),
    "benchmark/sampling.py": (
        (
            ("_some_positives: len(network.edges) <= max_pos  ->  len(network.edges) < max_pos",),
            "all edges drawn without return are all edges",
        ),
        (("_exchanged_pairs: p[0] < p[1]  ->  p[0] <= p[1]",), "a pair is of two genes"),
    ),
    "benchmark/scores.py": ((("join_scores: pair[0] < pair[1]  ->  pair[0] <= pair[1]",), "a pair is of two genes"),),
    "checked_json.py": (
        (("from_json_file: 1 of most + 1  ->  2",), "one byte more of what is too long is read, and refused as well"),
    ),
    "circuits/circuit.py": ((("__init__: r.sign > 0  ->  r.sign >= 0",), "a sign is 1 or -1"),),
    "circuits/control.py": (
        (("SCHEMA: 5 of SCHEMA = 5  ->  6",), "a version: any other number computes anew what is kept"),
    ),
    "circuits/first_weights.py": (
        (
            ("LEVEL: 0.3 of LEVEL = 0.3  ->  1.3",),
            "the size of a channel, taken out again where it is read: one of many that serve",
        ),
        (
            (
                "effect_tables: 7 of np.linspace(-FARTHEST, FARTHEST, 7)  ->  8",
                "effect_tables: 3 of np.delete(np.linspace(-FARTHEST, FARTHEST, 7), 3)  ->  4",
            ),
            "places at which a cubic is read to have its parts: any of them give the same ones",
        ),
    ),
    "circuits/joint.py": (
        (
            (
                "_loss: kind < HIDDEN_SHARE  ->  kind <= HIDDEN_SHARE",
                "_loss: kind < HIDDEN_SHARE + PAIR_SHARE  ->  kind <= HIDDEN_SHARE + PAIR_SHARE",
            ),
            "a drawn number is never that very share",
        ),
    ),
    "data/binning.py": (
        (
            ("_edges_up_to: steps if compare is np.less_equal else 0  ->  the other branch",),
            "of a cell with one value only the sum of both counts is used, and it stays",
        ),
        (("_bin_rows: values.min() < 0  ->  values.min() <= 0",), "zeros are left out before"),
    ),
    "data/cell_values.py": (
        (("save_cell_values: False of allow_pickle=False  ->  True",), "arrays of numbers are written as they are"),
    ),
    "data/containers/table.py": (
        (
            ("_genes_in_rows: columns < rows  ->  columns <= rows",),
            "as many known names in rows as in columns are refused before",
        ),
        (("_write_wide: 0 of n_rows = 0  ->  1",), "a table has a row at least"),
    ),
    "data/group_sums.py": (
        (("_PACKED: 22 of 2.0 ** 22  ->  23",), "leaves room for both sums as well, up to the limit of cells"),
    ),
    "data/hdf5.py": (
        (("_after_a_user_block: offset < size  ->  offset <= size",), "nothing is read at the end of a file"),
        (("take: True of True if len(names) > room else None  ->  False",), "anything but None ends the iteration"),
    ),
    "data/matrix.py": ((("_parts_by_gene: 1 of indices.size or 1  ->  2",), "a part of no values may come once more"),),
    "data/scale.py": (
        (
            (
                "_multiples: np.abs(distinct - np.rint(distinct)) <= 0.01 * np.sqrt(distinct)  ->  "
                "np.abs(distinct - np.rint(distinct)) < 0.01 * np.sqrt(distinct)",
            ),
            "no number up to 30 lies exactly on the limit",
        ),
        (
            (
                "_words: self.total >= 100  ->  self.total > 100",
                "_words: 100 of self.total >= 100  ->  101",
            ),
            "both ways of writing a number are the same from 100 to 101",
        ),
    ),
    "data/untrusted.py": (
        (("LOOK_SECONDS: 0.1 of LOOK_SECONDS = 0.1  ->  1.1",), "how often one looks"),
        (
            ("OVER_TIME: 0 of getattr(signal, name, 0)  ->  1",),
            "of a signal that a system does not have; nothing ends by it there",
        ),
    ),
    "evidence/correlation.py": (
        (
            (
                "correlations: variance > LEAST_VARIANCE  ->  variance >= LEAST_VARIANCE",
                "net_coefficients: squares > LEAST_VARIANCE * len(values)  ->  squares >= LEAST_VARIANCE * len(values)",
                "net_coefficients: own > LEAST_OWN * squares[sources]  ->  own >= LEAST_OWN * squares[sources]",
            ),
            "no variance of measured values is the limit to its last digit",
        ),
        (
            ("correlations: 0 of np.where(varies, 1 / np.sqrt(np.maximum(variance, LEAST_VARIANCE)), 0)  ->  1",),
            "a gene that does not vary is 0 but for rounding, on any scale, and has no weight",
        ),
    ),
    "gene_effects/effects.py": (
        (
            ("GENES_A_BLOCK: 128 of GENES_A_BLOCK = 128  ->  129", "_drawn: 16 of maxsize=16  ->  17"),
            "how many genes are swept and kept together, and how many lists are held",
        ),
    ),
    "methods/expression_probes.py": (
        (
            (
                "NO_SETTINGS: 0.0 of SweepSettings(0.0, (0.0,))  ->  1.0",
                "NO_SETTINGS: 0.0 of (0.0,)  ->  1.0",
            ),
            "a part of a key that all such questions share",
        ),
    ),
    "methods/marginal.py": (
        (("GENES_A_GROUP: 32 of GENES_A_GROUP = 32  ->  33",), "how many genes are swept and kept together"),
        (("gene_level: 0 of wanted[0]  ->  1",), "every gene has means of the same names"),
    ),
    "methods/perturbation.py": (
        (
            ("zeroing_effects: len(genes) + 1  ->  len(genes) - 1", "zeroing_effects: 1 of len(genes) + 1  ->  2"),
            "how many cells are a batch; the same effects come",
        ),
    ),
    "methods/reading.py": ((("features: False of copy=False  ->  True",), "whether numbers are copied once more"),),
    "methods/shortcuts.py": (
        (
            ("_degrees: 8 of maxsize=8  ->  9", "_precision: 32 of maxsize=32  ->  33"),
            "how many networks and data sets are held",
        ),
    ),
    "evidence/resampling.py": (
        (
            (
                "among_best: size >= np.partition(there, last)[last] - ROUNDING  ->  "
                "size > np.partition(there, last)[last] - ROUNDING",
            ),
            "correlations are equal within a rounding, of which the last digit is not asked for",
        ),
    ),
    "network/edge_filter.py": (
        (
            (
                "longest_within: fdr_of_top(probabilities) <= fdr + ROUNDING  ->  "
                "fdr_of_top(probabilities) < fdr + ROUNDING",
            ),
            "a rate is met within a rounding, of which the last digit is not asked for",
        ),
        (
            ("select_edges: True of observed=True  ->  False",),
            "pandas asks whether groups without an edge count; of them there is no edge to number",
        ),
    ),
    "network/scores.py": (
        (
            (
                "BIN_BITS: 14 of BIN_BITS = 14  ->  15",
                "ordered_places: 1 of 1 << 32 - BIN_BITS  ->  2",
                "ordered_places: 32 of 32 - BIN_BITS  ->  33",
                "_bin: 32 of 32 + BIN_BITS  ->  33",
                "_pieces: if sizes[-1] and sizes[-1] + bins[at] > EDGES_A_PIECE: sizes.append(0)  ->  not so",
                "_pieces: sizes[-1] and sizes[-1] + bins[at] > EDGES_A_PIECE  ->  "
                "sizes[-1] or sizes[-1] + bins[at] > EDGES_A_PIECE",
                "_pieces: sizes[-1] + bins[at] > EDGES_A_PIECE  ->  sizes[-1] + bins[at] >= EDGES_A_PIECE",
                "_pieces: sizes[-1] + bins[at]  ->  sizes[-1] - bins[at]",
            ),
            "where the order is cut into pieces, each of which is sorted by itself",
        ),
        (
            (
                "SCATTERED: 128 of SCATTERED = 128  ->  129",
                "_keys: 1 of max(1, EDGES_A_PIECE // len(by_target))  ->  2",
                "_reserve: 1 of 1 << 20  ->  2",
                "_reserve: 20 of 1 << 20  ->  21",
            ),
            "how much is read or written at once",
        ),
        (
            (
                "__init__: 1 of max(1, length * np.dtype(kind).itemsize)  ->  2",
                "_reserve: 0 of os.posix_fallocate(file.fileno(), 0, size)  ->  1",
                "_reserve: size - start  ->  size + start",
            ),
            "some bytes more of the disk, that nothing lies in",
        ),
        (
            (
                "let_go: self.array.nbytes > KEPT_BYTES and hasattr(mmap, 'MADV_DONTNEED')  ->  "
                "self.array.nbytes > KEPT_BYTES or hasattr(mmap, 'MADV_DONTNEED')",
                "let_go: self.array.nbytes > KEPT_BYTES  ->  self.array.nbytes >= KEPT_BYTES",
            ),
            "which small arrays are given back to the system; what is in them stays in the file",
        ),
        (
            ("_keys: 1 of -LOWEST - 1  ->  2",),
            "no float32 lies between the two lowest scores in millionths",
        ),
    ),
    "residual.py": (
        (
            (
                "quadrature_nodes: (ends[:-1] + half)[:, None] + half[:, None] * x  ->  "
                "(ends[:-1] + half)[:, None] - half[:, None] * x",
            ),
            "the nodes of Gauss and Legendre lie symmetric in their interval, and so do the weights",
        ),
    ),
    "rows.py": (
        (
            ("_check: 60 of timeout=60  ->  61",),
            "how long another writer is waited for, a choice",
        ),
    ),
    "session_file.py": (
        (("_npy: False of allow_pickle=False  ->  True",), "arrays of float32 are written as they are"),
    ),
    "store.py": (
        (("BUSY_SECONDS: 60 of BUSY_SECONDS = 60  ->  61",), "how long another writer is waited for, a choice"),
        (("__init__: 448 of mode=448  ->  449",), "the folder is given its mode once more, as an older one is"),
    ),
    "stored_sweep.py": (
        (
            (
                "directed_pairs: response is not None and sweep.response is not None  ->  "
                "response is not None or sweep.response is not None",
            ),
            "both are None under follow and neither is otherwise; the second is asked for the type checker",
        ),
    ),
    "shared_work.py": (
        (
            (
                "POLL_SECONDS: 0.1 of POLL_SECONDS = 0.1  ->  1.1",
                "LOOK_AGAIN_SECONDS: 0.3 of LOOK_AGAIN_SECONDS = 0.3  ->  1.3",
                "GRACE_SECONDS: 5.0 of GRACE_SECONDS = 5.0  ->  6.0",
                "shared_results: POLL_SECONDS if busy else 0.0  ->  the other branch",
                "shared_results: 0.0 of POLL_SECONDS if busy else 0.0  ->  1.0",
                "shared_results: time.monotonic() >= look_again  ->  time.monotonic() > look_again",
                "shared_results: 0.0 of (threading.Event(), 0.0, False)  ->  1.0",
            ),
            "how often one looks and how long one is patient; the same results come",
        ),
        (("MOST_LOCKS: 400 of MOST_LOCKS = 400  ->  401",), "how many files are open at once, a choice"),
    ),
    "sweep.py": (
        (("SCHEMA: 1 of SCHEMA = 1  ->  2",), "a version: any other number computes anew what is kept"),
        (
            (
                "unless_full: if device.type == 'cuda': torch.cuda.empty_cache()  ->  not so",
                "unless_full: device.type == 'cuda'  ->  device.type != 'cuda'",
            ),
            "no number changes, only what a GPU keeps free",
        ),
    ),
    "translation/reasons.py": (
        (
            ("_rows: 1 of :1  ->  2",),
            "how many pairs a width is taken of",
        ),
        (
            ("_rows: 4 of 4:  ->  5",),
            "virtual values are float64 as they are",
        ),
    ),
    "translators/calibration.py": (
        (
            ("platt: slope > 0  ->  slope >= 0",),
            "with a slope of 0 the intercept is the log odds of the labels either way",
        ),
    ),
    "translators/credit.py": (
        (
            (
                "_pieces: here < 0  ->  here <= 0",
                "_pieces: there < 0  ->  there <= 0",
            ),
            "a unit at 0 at the end of a piece has its kink there, where the line is cut already",
        ),
    ),
    "translators/exchange.py": (
        (
            ("pack_translator: False of allow_nan=False  ->  True",),
            "no card holds a number that is not finite",
        ),
        (
            ("bring_in: 100 of :100  ->  101",),
            "how much of the names of files the words of an error show",
        ),
    ),
    "translators/library.py": (
        (
            ("save_translator: False of allow_nan=False  ->  True",),
            "no card holds a number that is not finite",
        ),
        (
            ("_card: 256 of maxsize=256  ->  257",),
            "how many cards are kept in memory; another is read again",
        ),
        (
            ("_width: 0 of torch.empty(0)  ->  1",),
            "part of the words of an error: that there is no such tensor is said either way",
        ),
    ),
    "translators/mlp.py": (
        (
            ("forward: -1  ->  1",),
            "logits come as (pair, 1), of which the last axis is the second",
        ),
        (
            (
                "standardise: spread > 1e-08  ->  spread >= 1e-08",
                "_thinned: torch.rand(h.shape, generator=self.generator) >= self.settings.dropout  ->  "
                "torch.rand(h.shape, generator=self.generator) > self.settings.dropout",
            ),
            "no number drawn or measured is the limit to its last digit",
        ),
        (
            ("_thread: 1 of ThreadPoolExecutor(1, thread_name_prefix='ugrn-train')  ->  2",),
            "every work is waited for, so that a second thread is never started",
        ),
    ),
    "translators/translator.py": (
        (
            ("3 of max_length=3  ->  4",),
            "there are three contexts, and none is named twice",
        ),
        (
            ("Translator: True of frozen=True  ->  False",),
            "a check of who writes the code: no input changes a translator",
        ),
    ),
    "whole_files.py": (
        (("PATIENCE: 10.0 of PATIENCE = 10.0  ->  11.0",), "how long another writer is waited for, a choice"),
        (("POLL_SECONDS: 0.02 of POLL_SECONDS = 0.02  ->  1.02",), "how often one looks whether another has finished"),
    ),
}
"""Changes that change nothing one can ask for: by file, the words of some, and why."""
