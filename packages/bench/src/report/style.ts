/** How the page looks: light and dark, from the reader's system. */
import { Html } from "./html.ts";

export const style = new Html(`
:root { color-scheme: light dark; --ink: #1d2430; --soft: #5c6675; --line: #dfe3e9; --paper: #fff; --band: #f4f6f9;
  --ours: #0b8a5f; --web: #2f66d8; --web-float: #8fb0f2; --tfjs: #d97a1e; --native: #8a92a0; --own: #9a5bc4; --bad: #c62f3b; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ef; --soft: #9aa4b4; --line: #2d3440; --paper: #14181f;
  --band: #1c222b; --ours: #3ecf9a; --web: #6c9bff; --web-float: #3f5c99; --tfjs: #f2a357; --native: #77808f;
  --own: #c08be6; --bad: #ff7b84; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2.5rem 1.5rem 5rem; max-width: 1080px; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .4rem; letter-spacing: -.02em; }
h2 { font-size: 1.35rem; margin: 3.2rem 0 .3rem; padding-top: 1.2rem; border-top: 1px solid var(--line); }
h3 { font-size: 1.02rem; margin: 2rem 0 .2rem; }
p { margin: .3rem 0 .8rem; max-width: 70ch; }
.soft, .environment { color: var(--soft); }
.environment { font-size: .88rem; margin: 0 0 1rem; padding: 0; list-style: none; }
.tiles { display: flex; flex-wrap: wrap; gap: .8rem; margin: 1.2rem 0; padding: 0; }
.tile { flex: 1 1 190px; background: var(--band); border-radius: 10px; padding: .9rem 1.1rem; }
.tile b { display: block; font-size: 1.7rem; line-height: 1.2; font-variant-numeric: tabular-nums; letter-spacing: -.02em; }
.tile span { color: var(--soft); font-size: .86rem; }
svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--ink); font-size: 12.5px; font-variant-numeric: tabular-nums; }
svg .group { font-weight: 650; font-size: 13.5px; }
svg .tick, svg .note { fill: var(--soft); font-size: 11.5px; }
svg .value { font-weight: 600; }
.grid { stroke: var(--line); stroke-width: 1; }
.grid.mark { stroke: var(--soft); stroke-width: 1.5; stroke-dasharray: 4 3; }
.hover { fill: transparent; }
.line:hover .hover { fill: var(--band); }
.dot line { stroke-width: 2; opacity: .55; stroke-linecap: round; }
.dot circle { stroke: var(--paper); stroke-width: 1.5; }
.ours circle { fill: var(--ours); } .ours line { stroke: var(--ours); }
.web circle { fill: var(--web); } .web line { stroke: var(--web); }
.web-float circle { fill: var(--web-float); } .web-float line { stroke: var(--web-float); }
.tfjs circle { fill: var(--tfjs); } .tfjs line { stroke: var(--tfjs); }
.native circle { fill: var(--paper); stroke: var(--native); stroke-width: 2; } .native line { stroke: var(--native); }
.own circle { fill: var(--own); } .own line { stroke: var(--own); }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1.3rem; font-size: .86rem; color: var(--soft); max-width: none; }
.legend span { display: inline-flex; align-items: center; gap: .35rem; }
.legend svg { width: 14px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .84rem; font-variant-numeric: tabular-nums; }
th { text-align: left; color: var(--soft); font-weight: 600; border-bottom: 1px solid var(--line); white-space: nowrap; }
th, td { padding: .38rem .8rem .38rem 0; vertical-align: top; }
td { border-bottom: 1px solid var(--line); }
.number { text-align: right; white-space: nowrap; }
td small { color: var(--soft); display: block; }
.good { color: var(--ours); font-weight: 600; }
.bad { color: var(--bad); font-weight: 600; }
summary { cursor: pointer; color: var(--soft); margin: 1.5rem 0 .6rem; }
@media (max-width: 640px) { svg.plot { min-width: 640px; } body { padding: 1.5rem 1rem 3rem; } }
`);
