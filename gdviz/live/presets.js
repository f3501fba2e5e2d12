// Buttons that put sliders at named positions and have them played from there.

async function render({ model, el }) {
  const names = Object.keys(model.get("controls"));
  const controls = Object.fromEntries(
    await Promise.all(
      names.map(async (name) => [
        name,
        await model.widget_manager.get_model(
          model.get("controls")[name].replace("IPY_MODEL_", ""),
        ),
      ]),
    ),
  );
  const row = document.createElement("div");
  row.className = "gdviz-buttons";
  el.append(row);

  for (const [label, values] of Object.entries(model.get("positions"))) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "jupyter-widgets jupyter-button gdviz-button";
    button.textContent = label;
    button.onclick = () => {
      for (const [name, value] of Object.entries(values)) {
        controls[name].set("value", value);
        controls[name].save_changes();
      }
      for (const control of Object.values(controls)) control.trigger("gdviz:play");
    };
    row.append(button);
  }
}

export default { render };
