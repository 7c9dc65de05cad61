// Streamlit enters every new address of a page into the history. One that only adds the model, or a job that comes and
// goes, is no place to come back to: it takes the place of the one before, so that Back leads to what was there before.
(() => {
  if (window.history.ugrnPlaces) return;
  window.history.ugrnPlaces = true;
  const push = window.history.pushState.bind(window.history);
  const place = (url, other) => {
    const given = new URLSearchParams(url.search);
    given.delete("job");
    if (!new URLSearchParams(other.search).has("model")) given.delete("model");
    given.sort();
    return `${url.pathname}?${given}`;
  };
  window.history.pushState = (state, title, to) => {
    const here = new URL(window.location.href);
    const there = new URL(to ?? here, here);
    if (place(here, there) === place(there, here)) window.history.replaceState(state, title, to);
    else push(state, title, to);
  };
})();
