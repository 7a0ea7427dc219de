// The one style sheet of all pages: stone greys, one accent, light and dark, phone first. Inlined, and allowed by its hash.

import { createHash } from 'node:crypto'

const SHEET = `
:root{color-scheme:light dark;--ground:#f5f3ee;--sheet:#fffefc;--ink:#23262b;--soft:#5f6167;--line:#e0dbd0;--deep:#8b857a;--mid:#a69f93;--pale:#c4bdb0;--moss:#2a6953;--icon:#7d776c;--wash:#eef2ec;--code:#eeebe3;--mono:ui-monospace,"SF Mono",SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace}
@media(prefers-color-scheme:dark){:root{--ground:#141618;--sheet:#1b1e21;--ink:#e8e5de;--soft:#a4a5a3;--line:#2e3236;--deep:#615e58;--mid:#827e76;--pale:#a09b91;--moss:#8bcdb2;--icon:#938f87;--wash:#20272a;--code:#23272b}}
*{box-sizing:border-box}
.defs{display:none}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;min-height:100vh;display:flex;flex-direction:column;background:var(--ground);color:var(--ink);font:1rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
.in{width:100%;max-width:64rem;margin:0 auto;padding:0 1.25rem}
main{flex:1;padding-top:.5rem!important;padding-bottom:3rem!important}
a{color:var(--moss);text-underline-offset:.2em;text-decoration-thickness:1px}
a:hover{text-decoration-thickness:2px}
:focus-visible{outline:2px solid var(--moss);outline-offset:3px;border-radius:3px}
header{padding-top:1.1rem!important;padding-bottom:1.1rem!important;display:flex;align-items:center}
.brand{display:inline-flex;align-items:center;gap:.55rem;color:var(--ink);text-decoration:none;font-weight:600;letter-spacing:-.01em;font-size:1.05rem}
.brand svg{width:1.75rem;height:1.75rem}
.s1{fill:var(--deep)}.s2{fill:var(--mid)}.s3{fill:var(--moss)}
h1{margin:0;font-size:clamp(1.6rem,1.2rem + 2.2vw,2.4rem);line-height:1.15;letter-spacing:-.022em;font-weight:650;text-wrap:balance;overflow-wrap:anywhere}
h2{margin:2.6rem 0 .6rem;font-size:1.05rem;letter-spacing:-.005em;font-weight:600}
p{margin:.6rem 0;max-width:38rem;text-wrap:pretty;overflow-wrap:anywhere}
.lead{font-size:1.1rem;color:var(--soft)}
code,.mono{font-family:var(--mono);font-size:.875em}
pre{margin:.6rem 0;padding:.9rem 1.1rem;background:var(--code);border-radius:.6rem;overflow-x:auto;font:.9rem/1.6 var(--mono)}
pre b{font-weight:400;color:var(--soft);user-select:none}
footer{border-top:1px solid var(--line);color:var(--soft);font-size:.875rem}
footer .in{padding-top:1rem;padding-bottom:1.5rem;display:flex;flex-wrap:wrap;gap:.25rem 1.5rem;justify-content:space-between}
.hero{display:grid;grid-template-columns:minmax(0,1fr);gap:1.2rem 3rem;align-items:center;padding-top:1rem}
.hero svg{width:6.5rem;height:auto}
.front svg{display:none}
form{display:flex;flex-wrap:wrap;gap:.6rem;margin-top:1.6rem;max-width:42rem}
form label{flex:1 0 100%;font-weight:600}
input{flex:1 1 14rem;min-width:0;padding:.7rem .9rem;border:1px solid var(--icon);border-radius:.6rem;background:var(--sheet);color:var(--ink);font:1rem var(--mono)}
input::placeholder{color:var(--soft);opacity:1}
button,.button{padding:.7rem 1.4rem;border:0;border-radius:.6rem;background:var(--moss);color:var(--ground);font:600 1rem system-ui,sans-serif;cursor:pointer}
button:hover,.button:hover{filter:brightness(1.1)}
.button{display:inline-block;padding:.5rem 1.1rem;text-decoration:none}
.hint{color:var(--soft);font-size:.9rem}
.bad{margin-top:1.2rem;padding:.7rem 1rem;border-left:3px solid #b4552d;background:var(--code);border-radius:0 .5rem .5rem 0;overflow-wrap:anywhere}
dl{margin:.6rem 0 0;background:var(--sheet);border:1px solid var(--line);border-radius:.75rem;overflow:hidden}
dl div{padding:.5rem 1.1rem;display:grid;grid-template-columns:5.2rem minmax(0,1fr);gap:0 .8rem;align-items:baseline;border-top:1px solid var(--line)}
dl div:first-child{border-top:0}
dt{color:var(--soft)}
dd{margin:0;overflow-wrap:anywhere}
dd code{font-size:.8em}
.cols{display:grid;grid-template-columns:minmax(0,1fr);gap:0 3rem}
.crumbs{color:var(--soft);font:.875rem/1.7 var(--mono);overflow-wrap:anywhere;margin-bottom:1.1rem}
.crumbs a{display:inline-block;max-width:100%;overflow:hidden;text-overflow:ellipsis;white-space:nowrap;vertical-align:bottom;text-decoration:none;padding:0 .1rem}
.crumbs a:first-of-type{max-width:13rem}
.crumbs a:hover{text-decoration:underline}
.facts{display:flex;flex-wrap:wrap;gap:.1rem 1.1rem;margin:.5rem 0 0;max-width:none;color:var(--soft);font-size:.925rem}
.cid{margin:.2rem 0 1.3rem;max-width:none;color:var(--soft);font:.8rem/1.6 var(--mono)}
.of{display:block;font-size:.8rem;line-height:1.6;font-weight:500;letter-spacing:.02em;color:var(--soft)}
.list{list-style:none;margin:0;padding:0;background:var(--sheet);border:1px solid var(--line);border-radius:.75rem;overflow:hidden}
.list li{display:grid;grid-template-columns:1.25rem minmax(0,1fr) auto;gap:0 .8rem;align-items:center;padding:.55rem 1rem;border-top:1px solid var(--line)}
.list li:first-child{border-top:0}
.list li:hover{background:var(--wash)}
.list svg{width:1.25rem;height:1.25rem;color:var(--icon);align-self:start;margin-top:.15rem}
.list span{align-self:start;justify-self:end}
.list a{color:var(--ink);text-decoration:none;overflow-wrap:anywhere}
.list a:hover{text-decoration:underline}
.list .ipfs-hash{grid-column:2;grid-row:2;justify-self:start;color:var(--soft);font:.78rem/1.5rem var(--mono)}
.list span{color:var(--soft);font-size:.875rem;line-height:1.75;font-variant-numeric:tabular-nums;white-space:nowrap}
.list .p{grid-column:3;grid-row:2;justify-self:end;color:var(--soft);font-size:.8rem}
.list .t{width:2.1rem;height:2.1rem;object-fit:cover;border-radius:.3rem;background:var(--code);grid-row:1/span 2;margin-left:-.45rem}
.list details{grid-column:2/-1;font-size:.8rem;margin:.2rem 0}
.list summary{color:var(--soft);font-weight:400;width:max-content;padding:.2rem .3rem .2rem 0}
audio,video{display:block;width:100%;max-width:36rem;margin:.5rem 0;border-radius:.4rem}
video{max-height:24rem;background:#000}
.tools{display:flex;flex-wrap:wrap;gap:.5rem 1.5rem;justify-content:space-between;align-items:center;margin:0 0 .6rem;color:var(--soft);font-size:.875rem}
.tools nav{display:flex;gap:.75rem}
.tools a{color:var(--soft)}
.tools a[aria-current]{color:var(--ink);font-weight:600;text-decoration:none}
.tools label{display:flex;align-items:center;gap:.5rem}
.tools input{flex:none;width:11rem;padding:.3rem .6rem;border-radius:.4rem;font-size:.875rem}
[hidden]{display:none!important}
.readme{margin-top:2.5rem}
.md,.shown{padding:1.1rem 1.25rem;background:var(--sheet);border:1px solid var(--line);border-radius:.75rem;overflow-wrap:anywhere}
.md>:first-child{margin-top:0}.md>:last-child{margin-bottom:0}
.md p,.md li{max-width:44rem}
.md h2,.md h3{margin:1.8rem 0 .5rem;font-size:1.3rem}
.md h4{margin:1.5rem 0 .4rem;font-size:1.1rem}.md h5,.md h6{margin:1.2rem 0 .3rem;font-size:1rem}
.md img{max-width:100%;height:auto}
.md ul,.md ol{padding-left:1.4rem}
.md blockquote{margin:.8rem 0;padding-left:1rem;border-left:3px solid var(--line);color:var(--soft)}
.md code{background:var(--code);padding:.1em .3em;border-radius:.3em}.md pre code{padding:0;background:none}
.md hr{border:0;border-top:1px solid var(--line);margin:1.5rem 0}
.stage{margin:0;max-width:none}.stage img{display:block;max-width:100%;max-height:80vh;margin:0 auto;border-radius:.6rem;background:var(--code)}
.stage audio,.stage video{max-width:100%;max-height:80vh;margin:0 auto}
iframe.stage{width:100%;height:80vh;border:1px solid var(--line);border-radius:.6rem;background:#fff}
.shown{font-size:.85rem;white-space:pre-wrap}
.share h2{margin:1.4rem 0 .2rem}.share .path{margin:.2rem 0}
.qr{width:15rem;max-width:100%;height:auto;border-radius:.6rem;border:1px solid var(--line);margin-top:1.2rem}
.scroll{overflow-x:auto}
table{border-collapse:collapse;font-size:.925rem}
th,td{padding:.35rem .8rem;border:1px solid var(--line);text-align:left}
.d svg{color:var(--moss)}
.d a:not(.ipfs-hash){font-weight:550}
.pages{display:flex;justify-content:space-between;gap:1rem;margin-top:1.2rem}
.empty{padding:2.2rem 1rem;text-align:center;color:var(--soft)}
.path{margin:1rem 0;padding:.7rem 1rem;background:var(--code);border-radius:.6rem;font:.875rem/1.6 var(--mono);overflow-wrap:anywhere}
.steps{padding-left:1.15rem;margin:.4rem 0;max-width:40rem}
.steps li{margin:.25rem 0;overflow-wrap:anywhere}
.steps ::marker{color:var(--mid)}
.skip{position:absolute;left:-99rem}
.skip:focus{left:1rem;top:.6rem;z-index:1;padding:.4rem .8rem;background:var(--sheet);border-radius:.4rem}
.soft,.value i{color:var(--soft);font-style:normal}
.quiet{padding:.1rem .6rem;border:1px solid var(--icon);border-radius:.4rem;background:none;color:var(--soft);font:500 .8rem/1.5 system-ui,sans-serif}
.quiet:hover{color:var(--ink);filter:none}
.in-line{display:inline;font-weight:400}
.cid{display:flex;flex-wrap:wrap;gap:.3rem .8rem;align-items:center}
.value,.links{margin:0;padding:.8rem 1.1rem;background:var(--sheet);border:1px solid var(--line);border-radius:.75rem;overflow-wrap:anywhere;font:.875rem/1.65 var(--mono)}
.value ul{margin:0;padding-left:1.2rem;list-style:none;border-left:1px solid var(--line)}
.value>ul{padding:0;border:0}
.value b{font-weight:600}
.str{white-space:pre-wrap}.num{color:var(--soft)}
.links{padding:0;list-style:none}
.links li{display:grid;grid-template-columns:minmax(0,1fr) auto;gap:0 1rem;padding:.45rem 1.1rem;border-top:1px solid var(--line)}
.links li:first-child{border-top:0}
.links .n{overflow-wrap:anywhere}
.links a{grid-row:2;grid-column:1/-1;font-size:.8rem}
.links span{color:var(--soft)}
.how{margin:1rem 0}
summary{cursor:pointer;color:var(--moss);font-weight:550}
.hex{font-size:.78rem}
@media(min-width:46rem){.share{display:grid;grid-template-columns:15rem minmax(0,1fr);gap:0 2.5rem;align-items:start}.wide div{grid-template-columns:7rem minmax(0,1fr)}.links li{grid-template-columns:minmax(0,1fr) minmax(0,33rem) 5rem}.links a{grid-row:1;grid-column:2}.links span:last-child{text-align:right}.links .n{text-align:left!important}}
@media(min-width:46rem){.in{padding:0 2rem}.hero{grid-template-columns:minmax(0,1fr) auto;padding-top:2.4rem}.hero svg{width:11.5rem;order:2}.front svg{display:block}.cols{grid-template-columns:minmax(0,2fr) minmax(0,3fr)}
.list li{grid-template-columns:1.25rem minmax(0,1fr) 4rem 7rem 5.5rem;padding:.42rem 1.1rem}.list .ipfs-hash{grid-column:4;grid-row:1;align-self:start;padding-top:.05rem}.list .p{grid-column:3;grid-row:1;align-self:start;padding-top:.2rem}.list .t{grid-row:1;margin-top:-.2rem;margin-bottom:-.2rem}.list span{grid-column:5;text-align:right}.crumbs a:first-of-type{max-width:26rem}}
@media(prefers-reduced-motion:no-preference){a,button,.list li{transition:background-color .12s,filter .12s}}
@media(forced-colors:active){.s1,.s2,.s3{fill:CanvasText}}
`

export const STYLE = SHEET.trim().replaceAll('\n', '')

export const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64')
