(() => {
  "use strict";
  const $ = (id) => document.getElementById(id);
  const { texts: T, rows, views, by } = JSON.parse($("data").textContent);
  const fallback = T[by];
  const list = $("list");
  const SVG = "http://www.w3.org/2000/svg";
  const LEVELS = ["error", "warning", "info"];
  const [ID, LEVEL, CODE, NAME, MESSAGE, OBJECT, SPACE, CLUSTER, PATH, PLACE, EXCERPT, PAYLOAD, INSIDE, DETAIL, STRIKES, HITS,
    HIT_NAMES, HITS_LEFT, REMEDY, COMMANDS, FIX, RELATED, CAUSE, WEIGHT, AGE, FRESH] = Array(26).keys();
  const FIRST = 60;
  const MORE = 120;
  const FEW = 200;
  const WHOLE = 1000;

  const plural = (n, word) => `${n.toLocaleString("en")} ${word}${n === 1 ? "" : "s"}`;

  // Everything that is shown enters the page as a text node: no data is ever read as HTML.
  const el = (tag, name, ...kids) => {
    const made = document.createElement(tag);
    if (name) made.className = name;
    for (const kid of kids) if (kid !== null && kid !== "") made.append(kid);
    return made;
  };
  const svg = (tag, attributes, ...kids) => {
    const made = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...kids);
    return made;
  };

  const say = (text) => { $("say").textContent = text; };

  // ---- copying

  const copy = async (button, code) => {
    let done = true;
    try {
      await navigator.clipboard.writeText(code.textContent);
    } catch {
      getSelection().selectAllChildren(code);
      done = document.execCommand("copy");
    }
    button.textContent = done ? "Copied" : "Selected";
    say(done ? "Command copied" : "Command selected: copy it yourself");
    setTimeout(() => { button.textContent = "Copy"; }, 1600);
  };
  const dress = (pre) => {
    const button = el("button", "copy", "Copy");
    button.type = "button";
    const code = pre.querySelector("code");
    button.setAttribute("aria-label", `Copy the command ${code.textContent.slice(0, 80)}`);
    button.addEventListener("click", () => copy(button, code));
    pre.append(button);
    return pre;
  };
  document.querySelectorAll("main .cmd").forEach((pre) => { if (!pre.closest("#static")) dress(pre); });

  // ---- one finding

  const excerpt = (lines) => {
    const pre = el("pre", "x");
    for (const [number, before, marked, after] of lines) {
      pre.append(el("span", "n", T[number]), T[before]);
      if (T[marked]) pre.append(el("mark", "", T[marked]));
      pre.append(T[after], "\n");
    }
    return pre;
  };
  const MARKS = { "+": "add", "-": "del", "@": "at", f: "file" };
  const more = (n) => (n ? el("li", "", `and ${n.toLocaleString("en")} more, all in the JSON report`) : "");
  const part = (dl, title, ...kids) => dl.append(el("dt", "", title), el("dd", "", ...kids));
  const place = (text) => (text ? el("code", "", text) : "");

  const fixed = (dl, fix) => {
    const [kind, how, summary, proof, lists, diff] = fix;
    const kids = [T[summary], el("small", T[kind], T[how], T[proof] ? ` Proof: ${T[proof]}.` : "")];
    for (const [label, lines, left] of lists) {
      const fold = el("details", "proof", el("summary", "", `${T[label]} (${lines.length + left})`));
      fold.append(el("ul", "", ...lines.map((line) => el("li", "", T[line])), more(left)));
      kids.push(fold);
    }
    if (diff.length) {
      const pre = el("pre", "x diff");
      for (const [mark, line] of diff) pre.append(el("span", MARKS[T[mark]] || "same", T[line]), "\n");
      kids.push(pre);
    }
    part(dl, "Fix", ...kids);
  };

  const body = (row) => {
    const box = el("div", "b");
    if (row[EXCERPT].length) box.append(excerpt(row[EXCERPT]));
    if (T[row[PAYLOAD]]) box.append(el("p", "in-p", `In the decoded payload, ${T[row[PAYLOAD]]}`));
    if (row[INSIDE].length) box.append(excerpt(row[INSIDE]));
    const dl = el("dl");
    if (T[row[DETAIL]]) part(dl, "Why", T[row[DETAIL]]);
    if (T[row[HITS]]) {
      const hits = row[HIT_NAMES].map(([name, image]) => el("li", "", T[name], T[image] ? " " : "", place(T[image])));
      part(dl, T[row[STRIKES]] === "breaks" ? "Breaks" : "Hits", T[row[HITS]], el("ul", "hits", ...hits, more(row[HITS_LEFT])));
    }
    if (T[row[REMEDY]] || row[COMMANDS].length) {
      const commands = row[COMMANDS].map((lines) => dress(el("pre", "cmd", el("code", "", lines.map((line) => T[line]).join("\n")))));
      part(dl, "To do", T[row[REMEDY]], ...commands);
    }
    if (row[FIX]) fixed(dl, row[FIX]);
    if (row[RELATED].length) {
      const items = row[RELATED].map(([where, what, message]) =>
        el("li", "", T[what] ? `${T[what]}: ` : "", T[message], T[where] ? " " : "", place(T[where])));
      part(dl, "See", el("ul", "", ...items));
    }
    if (T[row[AGE]]) part(dl, "Age", T[row[AGE]]);
    const link = el("a", "fp", T[row[ID]].slice(2));
    link.href = `#${T[row[ID]]}`;
    part(dl, "Identity", link);
    box.append(dl);
    return box;
  };

  const fill = (fold) => { if (!fold.querySelector(".b")) fold.append(body(fold.row)); };

  const drawn = (row) => {
    const level = LEVELS[row[LEVEL]];
    const end = el("span", "end");
    if (row[FRESH]) end.append(el("span", "fresh", "new"));
    if (T[row[HITS]]) end.append(el("span", "hit", `${T[row[STRIKES]]} ${T[row[HITS]]}`));
    const kind = row[FIX] ? T[row[FIX][0]] : "";
    if (kind && kind !== "display") end.append(el("span", `fx ${kind}`, `${kind} fix`));
    const meta = el("span", "meta", el("b", "", T[row[CODE]]), ` ${T[row[NAME]]}`, el("i", "", T[row[OBJECT]]));
    if (T[row[CLUSTER]]) meta.append(el("i", "", T[row[CLUSTER]]));
    if (T[row[PLACE]]) meta.append(el("i", "at", T[row[PLACE]]));
    const fold = el("details", `f ${level}`,
      el("summary", "", el("span", `sev ${level}`, level), el("span", "msg", T[row[MESSAGE]]), end, meta));
    fold.id = T[row[ID]];
    fold.row = row;
    fold.addEventListener("toggle", () => { if (fold.open) fill(fold); });
    return fold;
  };

  // ---- the list: grouped, filtered, and drawn as far as the reader has come

  const KEYS = {
    cause: (row) => T[row[CAUSE]],
    rule: (row) => `${T[row[CODE]]} ${T[row[NAME]]}`,
    namespace: (row) => (T[row[CLUSTER]] ? `${T[row[CLUSTER]]}: ` : "") + (T[row[SPACE]] || "no namespace"),
    file: (row) => T[row[PATH]] || "no file",
  };
  const FIXES = {
    safe: (kind) => kind === "safe",
    any: (kind) => kind === "safe" || kind === "unsafe",
    none: (kind) => kind !== "safe" && kind !== "unsafe",
  };
  const selects = list ? ["rule", "namespace", "cluster", "fix", "age"].map($).filter(Boolean) : [];
  const chips = [...document.querySelectorAll(".chip")];
  let one = "";
  let groups = [];
  let at = [0, 0];
  let unfolded = false;
  let hay = null;

  const straw = (row) => [CODE, NAME, MESSAGE, OBJECT, CLUSTER, PLACE, PAYLOAD, DETAIL, REMEDY, CAUSE].map((field) => T[row[field]])
    .concat(row[HIT_NAMES].flat().map((text) => T[text]), row[COMMANDS].flat().map((text) => T[text]), row[FIX] ? T[row[FIX][2]] : "", T[row[ID]])
    .join("\n").toLowerCase();

  const ask = () => ({
    words: $("q").value.trim().toLowerCase().split(/\s+/).filter(Boolean),
    levels: new Set(chips.filter((chip) => chip.getAttribute("aria-pressed") === "true").map((chip) => LEVELS.indexOf(chip.dataset.severity))),
    rule: $("rule").value,
    space: $("namespace").value,
    cluster: $("cluster") ? $("cluster").value : "",
    fix: FIXES[$("fix").value],
    age: $("age") ? $("age").value : "",
  });
  const matches = (wanted) => {
    if (wanted.words.length && !hay) hay = rows.map(straw);
    return rows.filter((row, place) =>
      (!one || T[row[ID]] === one)
      && (!wanted.levels.size || wanted.levels.has(row[LEVEL]))
      && (!wanted.rule || T[row[CODE]] === wanted.rule)
      && (!wanted.space || `=${T[row[SPACE]]}` === wanted.space)
      && (!wanted.cluster || `=${T[row[CLUSTER]]}` === wanted.cluster)
      && (!wanted.fix || wanted.fix(row[FIX] ? T[row[FIX][0]] : ""))
      && (!wanted.age || Boolean(row[FRESH]) === (wanted.age === "new"))
      && wanted.words.every((word) => hay[place].includes(word)));
  };

  const grouped = (kept) => {
    const found = new Map();
    const kind = $("group").value;
    const ordered = kind === "file" ? kept : [...kept].sort((a, b) => a[LEVEL] - b[LEVEL] || b[WEIGHT] - a[WEIGHT]);
    for (const row of ordered) {
      const title = KEYS[kind](row);
      if (!found.has(title)) found.set(title, []);
      found.get(title).push(row);
    }
    const made = [...found].map(([title, members]) => ({ title, members, open: kept.length <= FEW, node: null, done: 0 }));
    if (kind === "namespace") made.sort((a, b) => (a.title < b.title ? -1 : 1));
    if (kept.length > FEW && made.length && made.length < 3) made[0].open = true;
    return made;
  };

  const head = (group) => {
    const button = el("button", "", el("span", "name", group.title), el("span", "", plural(group.members.length, "finding")));
    button.type = "button";
    button.setAttribute("aria-expanded", String(group.open));
    group.node = el("section", "g", el("h3", "", button));
    group.rows = el("div", "rows");
    group.node.append(group.rows);
    button.addEventListener("click", () => {
      group.open = !group.open;
      button.setAttribute("aria-expanded", String(group.open));
      group.rows.hidden = !group.open;
      if (group.open) grow(group, FIRST);
    });
    return group.node;
  };

  // Draw up to `room` more rows of a group; a button at its end asks for the others, and comes into view by scrolling.
  const grow = (group, room) => {
    const next = group.members.slice(group.done, group.done + room).map(drawn);
    group.done += next.length;
    if (unfolded) for (const fold of next) { fill(fold); fold.open = true; }
    group.rest?.remove();
    group.rows.append(...next);
    const left = group.members.length - group.done;
    if (left) {
      group.rest = el("button", "rest-of", `Show more: ${left.toLocaleString("en")} left`);
      group.rest.type = "button";
      group.rest.group = group;
      group.rest.addEventListener("click", () => grow(group, MORE));
      group.rows.append(group.rest);
      sight.observe(group.rest);
    }
    return next.length;
  };
  const sight = new IntersectionObserver((seen) => {
    for (const entry of seen) {
      if (!entry.isIntersecting || !entry.target.isConnected) continue;
      if (entry.target === end) extend(MORE);
      else grow(entry.target.group, MORE);
    }
  }, { rootMargin: "1200px" });
  const end = el("div", "end-of");

  // Draw more groups at the end of the list, as many as `room` lines hold.
  const extend = (room) => {
    let used = 0;
    while (at[0] < groups.length && used < room) {
      const group = groups[at[0]];
      end.before(head(group));
      at[0] += 1;
      used += 1 + (group.open ? grow(group, FIRST) : 0);
    }
    if (at[0] >= groups.length) sight.unobserve(end);
  };

  const apply = () => {
    const wanted = ask();
    const kept = matches(wanted);
    groups = grouped(kept);
    at = [0];
    unfolded = false;
    sight.disconnect();
    list.replaceChildren(end);
    extend(FIRST);
    if (at[0] < groups.length) sight.observe(end);
    $("empty").hidden = kept.length > 0;
    $("shown").textContent = kept.length === rows.length ? plural(rows.length, "finding") : `${kept.length.toLocaleString("en")} of ${plural(rows.length, "finding")}`;
    const hash = state(false).toString();
    $("clear").disabled = !hash && !one;
  };

  // ---- what the reader asked for lives in the address, so that a view can be sent to somebody

  const state = (whole) => {
    const said = new URLSearchParams();
    if (list) {
      if ($("q").value.trim()) said.set("q", $("q").value.trim());
      const levels = chips.filter((chip) => chip.getAttribute("aria-pressed") === "true").map((chip) => chip.dataset.severity);
      if (levels.length) said.set("severity", levels.join(","));
      for (const select of selects) if (select.value) said.set(select.id, select.value);
      if ($("group").value !== fallback) said.set("group", $("group").value);
    }
    if (whole && $("view") && $("view").selectedIndex > 0) said.set("view", $("view").value);
    return said;
  };
  const write = () => {
    const hash = one || state(true).toString();
    try { history.replaceState(null, "", hash ? `#${hash}` : location.pathname + location.search); } catch { /* a sandbox */ }
  };
  const choose = (select, value) => {
    select.value = value;
    if (select.selectedIndex < 0) select.selectedIndex = 0;
  };
  const set = (given) => {
    one = "";
    $("q").value = given.get("q") || "";
    const levels = (given.get("severity") || "").split(",");
    for (const chip of chips) chip.setAttribute("aria-pressed", String(levels.includes(chip.dataset.severity)));
    for (const select of selects) choose(select, given.get(select.id) || "");
    $("group").value = given.get("group") || fallback;
    if ($("group").selectedIndex < 0) $("group").value = fallback;
  };
  const show = (id) => {
    let fold = $(id);
    if (!fold || !list.contains(fold)) {
      set(new URLSearchParams());
      one = id;
      apply();
      fold = $(id);
    }
    for (const group of groups) if (group.node?.contains(fold) && !group.open) group.node.querySelector("h3 button").click();
    fill(fold);
    fold.open = true;
    fold.scrollIntoView({ block: "start" });
    fold.querySelector("summary").focus({ preventScroll: true });
  };
  const follow = () => {
    const hash = location.hash.slice(1);
    if (hash.includes("=")) {
      const given = new URLSearchParams(hash);
      const only = [...given.keys()].every((key) => key === "view");
      if (given.has("view") && $("view")) {
        choose($("view"), given.get("view"));
        draw($("view").selectedIndex);
      }
      if (list && !only) { set(given); apply(); }
      return only ? "picture" : "findings";
    }
    if (list && hash && rows.some((row) => T[row[ID]] === hash)) { show(hash); return ""; }
    return null;
  };
  const come = (id) => {
    $(id)?.scrollIntoView();
    $(id)?.focus({ preventScroll: true });
  };

  // ---- the picture

  const map = $("map");
  let shown = 0;
  const order = map ? [...$("view").options].map((option) => views.findIndex((view) => T[view[0]] === option.value)) : [];
  const draw = (place) => {
    const view = views[order[place]];
    if (!view || shown === place) return;
    shown = place;
    const [, , , title, height, nodes, links, , words, left] = view;
    map.setAttribute("viewBox", `-1 0 ${map.viewBox.baseVal.width} ${height}`);
    $("map-title").textContent = T[title];
    $("left").textContent = T[left];
    $("links").replaceChildren(
      ...links.map(([, , kind, cut, path]) => svg("path", { class: `l ${T[kind]}${cut ? " cut" : ""}`, d: T[path] })),
      ...links.filter((link) => link[3]).map(([, , kind, , , x, y]) =>
        svg("g", { class: `x ${T[kind]}` }, svg("circle", { cx: x, cy: y, r: 9 }), svg("path", { d: `M${x - 3} ${y - 3}l6 6m0-6l-6 6` }))));
    $("nodes").replaceChildren(...nodes.map(([x, y, width, tall, kind, end_, label, note, full]) => {
      const box = svg("g", { class: `n ${T[kind]} ${T[end_]}` }, svg("title", {}, T[full]),
        svg("rect", { x, y, width, height: tall, rx: T[kind] === "row" || T[kind] === "puller" ? 0 : 5 }));
      if (T[kind] === "head") box.append(svg("text", { x: x + 12, y: y + 20 }, T[label]));
      else box.append(svg("text", { class: "t", x: x + 14, y: y + 18 }, T[label]), svg("text", { class: "s", x: x + 14, y: y + 34 }, T[note]));
      return box;
    }));
    $("words").replaceChildren(...words.map(([kind, who, account, secrets, image, end_, summary]) => {
      const name = el("th", "", T[who]);
      name.scope = "row";
      return el("tr", "", name, el("td", "", T[account]), el("td", "", T[secrets]), el("td", "", el("code", "", T[image])),
        el("td", "", el("b", T[kind], T[end_]), " ", el("small", "", T[summary])));
    }));
  };
  // Point at a box: the ways through it stay, everything else steps back.
  const trace = (target) => {
    const box = target?.closest?.(".n");
    map.classList.toggle("traced", Boolean(box));
    const view = views[order[shown]];
    const boxes = [...$("nodes").children];
    const place = boxes.indexOf(box);
    const chains = box ? view[7].filter((chain) => chain.includes(place)) : [];
    const lit = new Set(chains.flat());
    boxes.forEach((node, n) => node.classList.toggle("lit", lit.has(n)));
    const ties = [...$("links").querySelectorAll(":scope > .l")];
    const cuts = [...$("links").querySelectorAll(":scope > .x")];
    let cut = 0;
    view[6].forEach((link, n) => {
      const on = chains.some((chain) => chain.includes(link[0]) && chain.includes(link[1]));
      ties[n].classList.toggle("lit", on);
      if (link[3]) { cuts[cut].classList.toggle("lit", on); cut += 1; }
    });
  };
  if (map) {
    map.addEventListener("mouseover", (event) => trace(event.target));
    map.addEventListener("mouseleave", () => trace(null));
    $("view").addEventListener("change", () => { draw($("view").selectedIndex); write(); say($("map-title").textContent); });
  }

  // ---- theme, printing, keys

  const theme = $("theme");
  const root = document.documentElement;
  const named = () => { theme.querySelector("span").textContent = root.dataset.theme || "auto"; };
  theme.addEventListener("click", () => {
    const next = { auto: "light", light: "dark", dark: "auto" }[root.dataset.theme || "auto"];
    if (next === "auto") delete root.dataset.theme;
    else root.dataset.theme = next;
    try { localStorage.setItem("regcred-theme", next); } catch { /* no storage here */ }
    named();
  });
  named();

  // All that the filters keep is printed: in full where that is not too much, else a line for each, and that is said.
  let closed = [];
  let folded = [];
  addEventListener("beforeprint", () => {
    const kept = groups.reduce((sum, group) => sum + group.members.length, 0);
    const whole = kept <= WHOLE;
    root.classList.toggle("many", !whole);
    if (list) {
      extend(Infinity);
      folded = groups.filter((group) => !group.open);
      for (const group of folded) group.node.querySelector("h3 button").click();
      for (const group of groups) if (group.done < group.members.length) grow(group, Infinity);
      $("told").textContent = $("shown").textContent + (whole ? "." : `, a line for each. Those that filters keep are printed in full when they are at most ${WHOLE.toLocaleString("en")}.`);
    }
    const folds = [...document.querySelectorAll("details:not([open])")];
    closed = folds.filter((fold) => !fold.matches(".rule, .words") && (whole || !fold.matches(".f")));
    for (const fold of closed) { if (fold.row) fill(fold); fold.open = true; }
  });
  addEventListener("afterprint", () => {
    for (const fold of closed) fold.open = false;
    for (const group of folded) group.node.querySelector("h3 button").click();
    root.classList.remove("many");
    closed = [];
    folded = [];
  });

  if (list) {
    let timer = 0;
    $("static").remove();
    $("group").value = fallback;
    const changed = () => { one = ""; apply(); write(); };
    $("q").addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(changed, 60); });
    for (const select of [...selects, $("group")]) select.addEventListener("change", changed);
    for (const chip of chips) {
      chip.addEventListener("click", () => {
        chip.setAttribute("aria-pressed", String(chip.getAttribute("aria-pressed") !== "true"));
        changed();
      });
    }
    $("open").addEventListener("click", () => {
      unfolded = true;
      for (const group of groups) if (group.node && !group.open) group.node.querySelector("h3 button").click();
      for (const fold of list.querySelectorAll(".f")) { fill(fold); fold.open = true; }
    });
    $("close").addEventListener("click", () => {
      unfolded = false;
      for (const fold of list.querySelectorAll(".f[open]")) fold.open = false;
    });
    $("clear").addEventListener("click", () => { set(new URLSearchParams()); changed(); $("q").focus(); });
    document.addEventListener("keydown", (event) => {
      const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
      if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
        event.preventDefault();
        $("q").focus();
      } else if (event.key === "Escape" && event.target === $("q") && $("q").value) {
        $("q").value = "";
        changed();
      }
    });
    apply();
    // The first search must not wait for the text of all findings to be put together.
    (window.requestIdleCallback || setTimeout)(() => { hay ??= rows.map(straw); });
  }
  addEventListener("hashchange", () => { const target = follow(); if (target) come(target); });
  // The browser goes to the fragment by itself when all is there, and takes the focus along: come after it.
  const arrive = () => { const target = follow(); if (target) come(target); };
  if (location.hash) addEventListener("load", () => setTimeout(arrive));
})();
