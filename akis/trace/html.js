(() => {
  const byId = (name) => document.getElementById(name);
  const entries = [...byId("entries").children];
  const text = new Map();
  const said = (entry) => text.get(entry) ?? (text.set(entry, entry.textContent.toLowerCase()), text.get(entry));
  const filter = () => {
    const words = byId("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    const wrong = byId("wrong").checked;
    let count = 0;
    for (const entry of entries) {
      const fits = (!wrong || !entry.classList.contains("done")) && words.every((word) => said(entry).includes(word));
      entry.hidden = !fits;
      count += fits;
    }
    byId("found").value = words.length || wrong ? `${count} of ${entries.length} shown` : "";
  };
  byId("search").addEventListener("input", filter);
  byId("wrong").addEventListener("change", filter);
  byId("unfold").addEventListener("click", (click) => {
    const open = click.target.textContent === "Unfold all";
    for (const details of document.querySelectorAll("#entries details")) details.open = open;
    click.target.textContent = open ? "Fold all" : "Unfold all";
  });
  byId("filter").addEventListener("submit", (submit) => submit.preventDefault());
  byId("filter").hidden = false;
})();
