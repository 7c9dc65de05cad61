// Edges that are clicked in the drawing, and the one that is looked at. The drawing is a page of its own in a frame: it
// tells the page around it what was clicked and when it is ready, and is told which edge stands out. What comes here is
// a pair of names and nothing more; whether there is such an edge is asked elsewhere.
//
// Data: { edge: [source, target] or null }. Trigger "edge": [source, target]

const frames = () => [...document.querySelectorAll("iframe[data-testid=stIFrame]")].map((frame) => frame.contentWindow);

export default function (component) {
  const { data, setTriggerValue } = component;
  const look = (frame) => frame && frame.postMessage({ ugrnLook: (data && data.edge) || null }, "*");
  const heard = ({ data: said, source }) => {
    if (!said || !frames().includes(source)) return;
    if (said.ugrnReady === true) look(source);
    const edge = said.ugrnEdge;
    if (Array.isArray(edge) && edge.length === 2 && edge.every((name) => typeof name === "string")) {
      setTriggerValue("edge", edge);
    }
  };
  window.addEventListener("message", heard);
  frames().forEach(look);
  return () => window.removeEventListener("message", heard);
}
