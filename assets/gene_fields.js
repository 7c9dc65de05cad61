// Fields for genes, found by typing among all symbols of a model. One field is a source or a target, or several targets.
//
// Streamlit's own select boxes build every option anew at each key, which takes a second for 19,000 genes.
//
// data: { genes: "A1BG\nA1CF...", sorted; tfs: the same for transcription factors; fields: [{ name, label, help,
// values: [...], most }]; names: everyday names, "P53\tTP53" a line: the symbols it means here; swap: whether the two
// fields can be exchanged }. Without genes, those of another of these components on the page serve. State "chosen": { name: [symbols, or what was typed] }.
//
// Enter takes what was chosen with the arrows, else what was typed in full: a symbol, or a name such as p53 or CD3, which
// is handed over as it is, so that what it means, or that it means several genes, is said. Only letters that begin some
// symbols and are no name are completed to the first of them.

const SHOWN = 40;

export default function (component) {
  const { parentElement, data, setStateValue } = component;
  const root = parentElement.querySelector(".gene-fields");
  if (data.genes) window.ugrnGenes = root.genes = prepared(root, data);
  const layout = JSON.stringify(data.fields.map((f) => [f.name, f.label, f.most])) + data.swap;
  if (root.dataset.layout !== layout) {
    root.dataset.layout = layout;
    root.fields = data.fields.map((field) => makeField(root, field));
    root.replaceChildren(...root.fields.map((f) => f.box));
    if (data.swap) root.fields[0].box.after(swapButton(root));
  }
  root.send = () => {
    setStateValue("chosen", Object.fromEntries(root.fields.map((f) => [f.name, f.values])));
  };
  root.fields.forEach((field, i) => field.take(data.fields[i].values));
}

const NONE = { text: "", symbols: [], upper: [], names: new Map(), tfs: new Set() };

// The genes of this component, or those of the last one on the page that was given some.
function genesOf(root) {
  return root.genes || window.ugrnGenes || NONE;
}

function prepared(root, data) {
  if (root.genes && root.genes.text === data.genes) return root.genes;
  const symbols = data.genes.split("\n");
  const names = new Map((data.names || "").split("\n").map((line) => line.split("\t")).filter((l) => l.length === 2)
    .map(([name, genes]) => [name, genes.split(",")]));
  return { text: data.genes, symbols, upper: symbols.map((s) => s.toUpperCase()), names,
    tfs: new Set(data.tfs.split("\n")) };
}

// The symbol that was typed in full, in any case of letters, else nothing.
function exact(genes, typed) {
  const at = genes.upper.indexOf(typed.trim().toUpperCase());
  return at >= 0 ? genes.symbols[at] : "";
}

// The symbols that an everyday name means, [] for any other text.
function named(genes, typed) {
  return genes.names.get(typed.toUpperCase().replace(/[-./_ ]/g, "")) || [];
}

function matches(genes, typed) {
  const wanted = typed.trim().toUpperCase();
  if (!wanted) return [];
  const starts = [], holds = [];
  for (let i = 0; i < genes.upper.length; i++) {
    const at = genes.upper[i].indexOf(wanted);
    if (at === 0) starts.push(genes.symbols[i]);
    else if (at > 0 && holds.length < SHOWN) holds.push(genes.symbols[i]);
  }
  starts.sort((a, b) => a.length - b.length || (a < b ? -1 : 1));
  const whole = exact(genes, typed);
  return [...new Set([...(whole ? [whole] : named(genes, typed)), ...starts, ...holds])].slice(0, SHOWN);
}

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

function makeField(root, given) {
  const id = `gene-${given.name}`;
  const input = element("input", {
    id, type: "text", role: "combobox", autocomplete: "off", spellcheck: "false", placeholder: "Type a gene",
    "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": `${id}-list`, title: given.help,
  });
  const list = element("ul", { id: `${id}-list`, role: "listbox", "aria-label": given.label });
  const chips = element("span", { class: "chips" });
  const mark = element("span", { class: "mark", "aria-hidden": "true" });
  const frame = element("div", { class: "frame" }, chips, input, mark);
  const box = element("div", { class: given.most > 1 ? "field wide" : "field" },
    element("label", { for: id }, given.label), frame, list);
  const field = { name: given.name, most: given.most, box, input, values: [], active: -1, take };
  list.hidden = true;

  function take(values) {
    if (JSON.stringify(values) === JSON.stringify(field.values) && field.shown) return;
    field.values = [...values];
    show();
  }

  function show() {
    field.shown = true;
    const single = given.most === 1;
    input.value = single ? field.values[0] || "" : "";
    mark.textContent = single && genesOf(root).tfs.has(field.values[0]) ? "TF" : "";
    chips.replaceChildren(...(single ? [] : field.values.map(chip)));
    input.placeholder = single || !field.values.length ? "Type a gene" : field.values.length < given.most ? "add" : "";
    close();
  }

  function chip(symbol) {
    const made = element("button", { type: "button", class: "chip", "aria-label": `Remove ${symbol}` }, symbol, " ×");
    made.onmousedown = (event) => event.preventDefault(); // or the field loses focus and draws its chips anew
    made.onclick = () => choose(field.values.filter((s) => s !== symbol));
    return made;
  }

  function choose(values) {
    const changed = JSON.stringify(values) !== JSON.stringify(field.values);
    field.values = values;
    if (changed) root.send(); // what is too much goes along once, to be said
    field.values = values.slice(0, given.most);
    show();
  }

  function add(text) {
    if (given.most === 1) return choose(text ? [exact(genesOf(root), text) || text] : []);
    const names = text.split(/[,;\s]+/).filter(Boolean).map((name) => exact(genesOf(root), name) || name);
    choose([...new Set([...field.values, ...names])]);
  }

  function close() {
    list.hidden = true;
    field.active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function offer() {
    const found = matches(genesOf(root), input.value);
    list.replaceChildren(...found.map((symbol, i) => {
      const tf = genesOf(root).tfs.has(symbol) ? [element("span", { class: "mark" }, "TF")] : [];
      const option = element("li", { role: "option", id: `${id}-${i}`, "data-symbol": symbol }, symbol, ...tf);
      option.onmousedown = (event) => { event.preventDefault(); add(symbol); };
      return option;
    }));
    mark.textContent = "";
    list.hidden = !found.length;
    input.setAttribute("aria-expanded", String(!!found.length));
    const typed = input.value.trim();
    const begins = /^[a-z]+$/i.test(typed) && !named(genesOf(root), typed).length && found.length &&
      found[0].toUpperCase().startsWith(typed.toUpperCase());
    activate(exact(genesOf(root), typed) || begins ? 0 : -1);
  }

  function activate(i) {
    field.active = i;
    [...list.children].forEach((option, j) => option.setAttribute("aria-selected", String(i === j)));
    if (i < 0) return input.removeAttribute("aria-activedescendant");
    input.setAttribute("aria-activedescendant", `${id}-${i}`);
    list.children[i].scrollIntoView({ block: "nearest" });
  }

  input.onfocus = () => input.select();
  input.oninput = offer;
  input.onkeydown = (event) => {
    const n = list.hidden ? 0 : list.children.length;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!n) return offer();
      activate(event.key === "ArrowDown" ? (field.active + 1) % n : (field.active > 0 ? field.active : n) - 1);
    } else if (event.key === "Enter") {
      add(n && field.active >= 0 ? list.children[field.active].dataset.symbol : input.value.trim());
    } else if (event.key === "Escape") {
      show();
    } else if (event.key === "Backspace" && !input.value && given.most > 1) {
      choose(field.values.slice(0, -1));
    }
  };
  input.onblur = () => {
    const typed = input.value.trim();
    if (exact(genesOf(root), typed) || named(genesOf(root), typed).length) add(typed);
    else if (!typed && given.most === 1) add("");
    else show();
  };
  return field;
}

function swapButton(root) {
  const made = element("button", { type: "button", class: "swap", "aria-label": "Swap source and target",
    title: "Swap source and target" }, "⇄");
  made.onclick = () => {
    const [first, second] = root.fields.map((f) => f.values);
    root.fields[0].take(second);
    root.fields[1].take(first);
    root.send();
  };
  return made;
}
