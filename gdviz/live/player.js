// Plays a slider by animation frames. Only where playback rests is the slider's value saved.

const SLOWEST = 6; // steps per second at first, slow enough to count
const GROWTH = 0.6; // of the steps made so far, per second: each tenfold takes the same time
const REST = 500; // milliseconds that each picture stays where less motion is asked for

const ICONS = {
  rewind: "M3 3h2v10H3zM13 3v10L6 8z",
  back: "M9 3v10L2 8zM11 3h2v10h-2z",
  play: "M3 2l11 6-11 6z",
  pause: "M3 2h4v12H3zM9 2h4v12H9z",
  forward: "M7 3v10l7-5zM3 3h2v10H3z",
};

function iconButton(parent, name, label) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "jupyter-widgets jupyter-button gdviz-button gdviz-icon";
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  svg.append(path);
  button.append(svg);
  parent.append(button);
  const show = (icon, text) => {
    path.setAttribute("d", ICONS[icon]);
    button.title = text;
    button.setAttribute("aria-label", text);
  };
  show(name, label);
  return { button, show };
}

async function render({ model, el }) {
  const control = await model.widget_manager.get_model(
    model.get("control").replace("IPY_MODEL_", ""),
  );
  const row = document.createElement("div");
  row.className = "gdviz-buttons";
  el.append(row);
  const rewind = iconButton(row, "rewind", "Back to the start");
  const back = iconButton(row, "back", "One step back");
  const play = iconButton(row, "play", "Play");
  const forward = iconButton(row, "forward", "One step forward");

  let frame = 0;
  let moving = false; // true while the slider's change is our own

  function move(value) {
    const [low, high] = [control.get("min"), control.get("max")];
    moving = true;
    control.set("value", Math.min(high, Math.max(low, value)));
    moving = false;
  }
  function halt() {
    cancelAnimationFrame(frame);
    frame = 0;
    play.show("play", "Play");
  }
  function stop() {
    if (!frame) return;
    halt();
    control.save_changes();
  }
  function start() {
    stop();
    const first = control.get("min");
    if (control.get("value") >= control.get("max")) move(first);
    let steps = control.get("value") - first;
    let last = null;
    let shown = -Infinity;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const advance = (now) => {
      const seconds = last === null ? 0 : Math.min((now - last) / 1000, 0.1);
      last = now;
      steps += seconds * Math.max(SLOWEST, GROWTH * steps);
      if (!calm || now - shown >= REST) {
        move(first + Math.floor(steps));
        shown = now;
      }
      if (control.get("value") >= control.get("max")) stop();
      else frame = requestAnimationFrame(advance);
    };
    play.show("pause", "Pause");
    frame = requestAnimationFrame(advance);
  }
  function step(by) {
    stop();
    move(control.get("value") + by);
    control.save_changes();
  }

  rewind.button.onclick = () => step(-Infinity);
  back.button.onclick = () => step(-1);
  forward.button.onclick = () => step(1);
  play.button.onclick = () => (frame ? stop() : start());
  // A hand on the slider (its view says so) has the last word; a late echo of the kernel has not.
  // Its view saves the value: saved while it changes, the model would return to the one before.
  const taken = (_model, _value, options) => {
    if (frame && !moving && options?.updated_view) halt();
  };
  control.on("change:value", taken);
  control.on("gdviz:play", start);

  return () => {
    stop();
    control.off("change:value", taken);
    control.off("gdviz:play", start);
  };
}

export default { render };
