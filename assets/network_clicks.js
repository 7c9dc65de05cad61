// Edges that are clicked in the drawing, which is a page of its own in a frame and tells the page around it what was
// clicked. What comes here is a pair of names and nothing more; whether there is such an edge is asked elsewhere.
//
// Trigger "edge": [source, target]

export default function (component) {
  const { setTriggerValue } = component;
  const heard = ({ data }) => {
    const edge = data && data.ugrnEdge;
    if (Array.isArray(edge) && edge.length === 2 && edge.every((name) => typeof name === "string")) {
      setTriggerValue("edge", edge);
    }
  };
  window.addEventListener("message", heard);
  return () => window.removeEventListener("message", heard);
}
