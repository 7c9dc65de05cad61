// Buttons that save the figure above them as a picture, by plotly's own camera button.
//
// data: the session key of the figure

export default function ({ data, parentElement }) {
  const place = `.st-key-${data.key.trim().replace(/[^a-zA-Z0-9_-]/g, "-")}`;
  const save = ({ currentTarget: { value: format } }) => {
    const plot = document.querySelector(`${place} .js-plotly-plot`);
    const camera = plot?.querySelector('.modebar-btn[data-title^="Download plot"]');
    if (!camera) return;
    const options = plot._context.toImageButtonOptions;
    plot._context.toImageButtonOptions = { ...options, format, scale: format === "png" ? 2 : 1 };
    camera.click();
  };
  const buttons = [...parentElement.querySelectorAll("button")];
  buttons.forEach((button) => button.addEventListener("click", save));
  return () => buttons.forEach((button) => button.removeEventListener("click", save));
}
