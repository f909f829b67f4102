// The one stylesheet: small, light and dark, without anything fetched from elsewhere.

/** Served as /assets/style.css. Colours keep a contrast of 4.5:1 for text and 3:1 for the edges of controls. */
export const style = `:root {
  color-scheme: light dark;
  --page: light-dark(#f4f5f7, #0f1216);
  --card: light-dark(#ffffff, #191d24);
  --text: light-dark(#1a1e26, #e8eaef);
  --muted: light-dark(#57606f, #a0a9b8);
  --line: light-dark(#dfe2e8, #2b313b);
  --edge: light-dark(#828b99, #6f7887);
  --accent: light-dark(#1d4fd7, #9db8ff);
  --on-accent: light-dark(#ffffff, #10131a);
  --bad: light-dark(#a8201a, #ffb3ab);
  --bad-page: light-dark(#fdeceb, #3a1a18);
  --good: light-dark(#14613a, #8fdcb0);
  --good-page: light-dark(#e8f6ee, #14301f);
}
[data-theme="light"] { color-scheme: light; }
[data-theme="dark"] { color-scheme: dark; }
*, ::before, ::after { box-sizing: border-box; }
body {
  margin: 0;
  min-height: 100vh;
  background: var(--page);
  color: var(--text);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
.bar {
  display: flex;
  flex-wrap: wrap;
  gap: .5rem 1rem;
  align-items: center;
  justify-content: space-between;
  padding: .75rem 1.25rem;
}
.brand { display: inline-flex; gap: .5rem; align-items: center; color: inherit; font-weight: 650; text-decoration: none; }
.brand img { max-height: 1.6rem; max-width: 10rem; }
.brand:has(img)::before { display: none; }
.banner { padding: .6rem 1rem; border-bottom: 1px solid var(--line); background: var(--card); text-align: center; overflow-wrap: anywhere; }
.banner > * { margin: 0 auto; max-width: 60rem; }
.brand::before { content: ""; width: 1.1rem; height: 1.1rem; border-radius: .3rem; background: var(--accent); }
.who { display: flex; gap: .75rem; align-items: center; color: var(--muted); min-width: 0; }
.who span { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
main { width: 100%; max-width: 26rem; margin: 6vh auto 3rem; padding: 0 1rem; }
main.wide { max-width: 60rem; margin-top: 1.5rem; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .75rem; padding: 1.5rem; }
.card + .card { margin-top: 1.25rem; }
h1 { margin: 0 0 .25rem; font-size: 1.4rem; line-height: 1.3; overflow-wrap: anywhere; }
h2 { margin: 0 0 .25rem; font-size: 1.1rem; }
h3 { margin: 0 0 .25rem; font-size: 1rem; }
p { margin: 0 0 1rem; overflow-wrap: anywhere; }
p:last-child { margin-bottom: 0; }
a { color: var(--accent); }
.muted { color: var(--muted); }
form { margin: 0; }
.fields { display: grid; gap: 1rem; margin-top: 1.25rem; }
.fields > p { margin: 0; }
label, legend { display: block; margin-bottom: .25rem; font-weight: 550; }
fieldset { margin: 0; padding: 0; border: 0; }
.hint, .fault { display: block; margin-top: .3rem; font-size: .875rem; }
.hint { color: var(--muted); }
.fault { color: var(--bad); font-weight: 550; }
input, select {
  width: 100%;
  padding: .55rem .7rem;
  border: 1px solid var(--edge);
  border-radius: .5rem;
  background: var(--card);
  color: inherit;
  font: inherit;
}
input[aria-invalid] { border-color: var(--bad); }
button, .button {
  display: inline-flex;
  gap: .6rem;
  align-items: center;
  justify-content: center;
  padding: .55rem 1rem;
  border: 1px solid var(--accent);
  border-radius: .5rem;
  background: var(--accent);
  color: var(--on-accent);
  font: inherit;
  font-weight: 600;
  text-align: center;
  text-decoration: none;
  cursor: pointer;
}
.fields > button, .button { width: 100%; }
.plain { border-color: var(--edge); background: transparent; color: inherit; }
.small { padding: .25rem .7rem; font-size: .875rem; }
.plain:hover { border-color: currentColor; }
button:hover:not(.plain), .button:hover:not(.plain) { filter: brightness(1.08); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.button img { width: 1.25rem; height: 1.25rem; }
.or { display: flex; gap: .75rem; align-items: center; margin: 1.25rem 0; color: var(--muted); font-size: .875rem; }
.or::before, .or::after { content: ""; flex: 1; border-top: 1px solid var(--line); }
.ways { display: grid; gap: .75rem; }
.notice { margin: 1rem 0 0; padding: .7rem .9rem; border-left: 4px solid; border-radius: .4rem; }
.notice.bad { background: var(--bad-page); color: var(--bad); }
.notice.good { background: var(--good-page); color: var(--good); }
.notice.info { background: var(--card); border-color: var(--edge); }
.notice + .card { margin-top: 1.25rem; }
.wide > .notice { margin: 0; }
.key { display: grid; gap: .75rem; margin: 1rem 0; }
.key input { font-size: .875rem; }
.key input, .code, code { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
[data-step] { margin-bottom: 1rem; }
.code { margin: 1rem 0; font-size: 2rem; letter-spacing: .15em; text-align: center; }
.below { margin-top: 1.25rem; font-size: .9rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .4rem 1.5rem; margin: 1rem 0 0; }
dt { color: var(--muted); }
dd { margin: 0; overflow-wrap: anywhere; }
.head { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: center; justify-content: space-between; }
.scroll { position: relative; overflow-x: auto; margin: .75rem 0; }
table { width: 100%; border-collapse: collapse; font-size: .925rem; }
th, td { padding: .55rem 1.25rem .55rem 0; border-top: 1px solid var(--line); text-align: left; vertical-align: middle; }
thead th { border-top: 0; color: var(--muted); font-weight: 550; white-space: nowrap; }
tbody th { font-weight: 550; }
td, .badge { white-space: nowrap; }
td:last-child, thead th:last-child { padding-right: 0; text-align: right; }
.badge { margin-left: .4rem; padding: .1rem .5rem; border: 1px solid var(--line); border-radius: 1rem; color: var(--muted); font-size: .8rem; font-weight: 550; }
.steps { display: grid; gap: 1.25rem; margin: 0; padding-left: 1.4rem; }
.steps > li { min-width: 0; }
.steps > li::marker { color: var(--muted); }
.steps p { margin-bottom: .5rem; }
pre { overflow-x: auto; margin: 0; padding: .6rem .8rem; border: 1px solid var(--line); border-radius: .5rem; background: var(--page); font-size: .875rem; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
[hidden] { display: none !important; }
@media (min-width: 40rem) {
  .columns { grid-template-columns: repeat(3, 1fr); }
  .columns > button { justify-self: start; width: auto; padding-inline: 1.5rem; }
}
@media (max-width: 30rem) {
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: .5rem; }
}
@media (forced-colors: active) { .brand::before { background: CanvasText; } }
`;
