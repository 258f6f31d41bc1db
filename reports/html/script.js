(() => {
  "use strict";
  const $ = (id) => document.getElementById(id);
  const list = $("list");
  const rows = list ? [...list.querySelectorAll(".f")].sort((a, b) => a.dataset.i - b.dataset.i) : [];
  const selects = ["rule", "namespace", "cluster", "fix"].map($).filter(Boolean);
  const chips = [...document.querySelectorAll(".chip")];
  const total = rows.length;
  const fallback = list ? $("group").dataset.default : "";
  let grouped = fallback;
  let texts = null;

  const plural = (n, word) => `${n.toLocaleString("en")} ${word}${n === 1 ? "" : "s"}`;

  // What the reader asked for lives in the address, so that a view can be sent to somebody.
  const read = () => {
    const given = location.hash.includes("=") ? new URLSearchParams(location.hash.slice(1)) : null;
    if (!given) return false;
    $("q").value = given.get("q") || "";
    const severities = new Set((given.get("severity") || "").split(","));
    for (const chip of chips) chip.setAttribute("aria-pressed", String(severities.has(chip.dataset.severity)));
    for (const select of selects) {
      select.value = given.get(select.id) || "";
      if (select.selectedIndex < 0) select.value = "";
    }
    $("group").value = given.get("group") || fallback;
    if ($("group").selectedIndex < 0) $("group").value = fallback;
    return true;
  };

  const write = (wanted) => {
    const state = new URLSearchParams();
    if (wanted.text) state.set("q", $("q").value.trim());
    if (wanted.severities.size) state.set("severity", [...wanted.severities].join(","));
    for (const select of selects) if (select.value) state.set(select.id, select.value);
    if ($("group").value !== fallback) state.set("group", $("group").value);
    const hash = state.toString();
    if (hash || location.hash.includes("=")) {
      try { history.replaceState(null, "", hash ? `#${hash}` : location.pathname + location.search); } catch { /* sandboxed */ }
    }
    $("clear").disabled = !hash;
  };

  const ask = () => ({
    text: $("q").value.trim().toLowerCase().split(/\s+/).filter(Boolean).join(" "),
    severities: new Set(chips.filter((c) => c.getAttribute("aria-pressed") === "true").map((c) => c.dataset.severity)),
    rule: $("rule").value,
    namespace: $("namespace").value,
    cluster: $("cluster") ? $("cluster").value : "",
    fix: $("fix").value,
  });

  const fixes = {
    safe: (kind) => kind === "safe",
    any: (kind) => kind === "safe" || kind === "unsafe",
    none: (kind) => kind !== "safe" && kind !== "unsafe",
  };

  const matches = (row, at, wanted, words) => {
    const data = row.dataset;
    return (!wanted.severities.size || wanted.severities.has(data.s))
      && (!wanted.rule || data.r === wanted.rule)
      && (!wanted.namespace || `=${data.n}` === wanted.namespace)
      && (!wanted.cluster || `=${data.c}` === wanted.cluster)
      && (!wanted.fix || fixes[wanted.fix](data.x))
      && words.every((word) => texts[at].includes(word));
  };

  const label = (section) => {
    const members = [...section.querySelectorAll(":scope > .f")];
    const shown = members.filter((row) => !row.hidden).length;
    section.hidden = !shown;
    const all = plural(members.length, "finding");
    section.querySelector("h3 span").textContent = shown === members.length ? all : `${shown.toLocaleString("en")} of ${all}`;
  };

  const apply = () => {
    const wanted = ask();
    const words = wanted.text ? wanted.text.split(" ") : [];
    if (words.length && !texts) texts = rows.map((row) => row.textContent.toLowerCase());
    let shown = 0;
    rows.forEach((row, at) => {
      const keep = matches(row, at, wanted, words);
      if (row.hidden === keep) row.hidden = !keep;
      if (keep) shown += 1;
    });
    if ($("group").value !== grouped) regroup($("group").value);
    list.querySelectorAll(".g").forEach(label);
    $("empty").hidden = shown > 0;
    $("shown").textContent = shown === total ? plural(total, "finding") : `${shown.toLocaleString("en")} of ${plural(total, "finding")}`;
    write(wanted);
  };

  const keys = {
    file: (row) => row.dataset.p || "no file",
    namespace: (row) => (row.dataset.c ? `${row.dataset.c}: ` : "") + (row.dataset.n || "no namespace"),
    rule: (row) => row.querySelector(".meta b").textContent + row.querySelector(".meta b").nextSibling.textContent,
  };

  const worst = ["error", "warning", "info"];

  const regroup = (by) => {
    const groups = new Map();
    const ordered = by === "file" ? rows : [...rows].sort((a, b) => worst.indexOf(a.dataset.s) - worst.indexOf(b.dataset.s));
    for (const row of ordered) {
      const key = keys[by](row);
      if (!groups.has(key)) groups.set(key, []);
      groups.get(key).push(row);
    }
    const titles = [...groups.keys()];
    if (by !== "file") titles.sort((a, b) => (a < b ? -1 : 1));
    const page = document.createDocumentFragment();
    for (const title of titles) {
      const section = document.createElement("section");
      section.className = "g";
      const heading = document.createElement("h3");
      heading.append(`${title} `, document.createElement("span"));
      section.append(heading, ...groups.get(title));
      page.append(section);
    }
    list.replaceChildren(page);
    grouped = by;
  };

  // One finding in the address: open it, whatever the filters hide.
  const reveal = () => {
    const target = location.hash.length > 1 && !location.hash.includes("=") ? $(location.hash.slice(1)) : null;
    if (!target) return;
    if (target.matches(".f")) {
      if (target.hidden) clear();
      target.open = true;
    }
    target.scrollIntoView();
  };

  const clear = () => {
    $("q").value = "";
    for (const chip of chips) chip.setAttribute("aria-pressed", "false");
    for (const select of selects) select.value = "";
    $("group").value = fallback;
    apply();
  };

  const copied = async (button, text) => {
    let done = false;
    try {
      await navigator.clipboard.writeText(text);
      done = true;
    } catch {
      const range = document.createRange();
      range.selectNodeContents(button.previousElementSibling);
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      done = document.execCommand("copy");
    }
    button.textContent = done ? "Copied" : "Selected";
    setTimeout(() => { button.textContent = "Copy"; }, 1600);
  };

  const dress = (row) => {
    for (const command of row.querySelectorAll(".cmd")) {
      if (command.querySelector(".copy")) continue;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "copy";
      button.textContent = "Copy";
      button.setAttribute("aria-live", "polite");
      button.addEventListener("click", () => copied(button, command.querySelector("code").textContent));
      command.append(button);
    }
  };

  document.addEventListener("toggle", (event) => {
    if (event.target.open && event.target.matches(".f")) dress(event.target);
  }, true);

  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")].filter((fold) => !fold.closest("[hidden]") && !fold.matches(".rule"));
    for (const fold of closed) fold.open = true;
  });
  addEventListener("afterprint", () => {
    for (const fold of closed) fold.open = false;
    closed = [];
  });

  if (!list) return;
  let timer = 0;
  $("group").value = fallback;
  $("q").addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(apply, 120); });
  for (const select of [...selects, $("group")]) select.addEventListener("change", apply);
  for (const chip of chips) {
    chip.addEventListener("click", () => {
      chip.setAttribute("aria-pressed", String(chip.getAttribute("aria-pressed") !== "true"));
      apply();
    });
  }
  const fold = (open) => { for (const row of rows) if (!row.hidden) row.open = open; };
  $("open").addEventListener("click", () => fold(true));
  $("close").addEventListener("click", () => fold(false));
  $("clear").addEventListener("click", () => { clear(); $("q").focus(); });
  document.addEventListener("keydown", (event) => {
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      $("q").focus();
    } else if (event.key === "Escape" && event.target === $("q")) {
      $("q").value = "";
      apply();
    }
  });
  addEventListener("hashchange", () => {
    if (read()) {
      apply();
      $("findings").scrollIntoView();
      $("findings").focus({ preventScroll: true });
    } else {
      reveal();
    }
  });
  if (read()) apply();
  else reveal();
})();
