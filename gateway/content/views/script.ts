// The one script of all pages, allowed by its hash: copy buttons, arrow keys in lists, a field that filters. Pages work without it.

import { createHash } from 'node:crypto'
import { html, raw } from 'hono/html'
import type { Html } from './page.ts'

const SOURCE = `
(()=>{const all=(s,e=document)=>[...e.querySelectorAll(s)];
const copy=async t=>{try{await navigator.clipboard.writeText(t)}catch{const a=document.createElement('textarea');a.value=t;document.body.append(a);a.select();document.execCommand('copy');a.remove()}};
for(const b of all('button[data-copy]')){b.hidden=false;const was=b.textContent;b.onclick=async()=>{await copy(b.dataset.copy||location.href.split('#')[0]);b.textContent='Copied';setTimeout(()=>{b.textContent=was},1600)}}
const list=document.querySelector('.list');if(!list)return;
const links=()=>all('li:not([hidden])>a:not(.ipfs-hash):not(.p)',list);
const steps={ArrowDown:1,ArrowUp:-1,Home:-1e9,End:1e9};
list.onkeydown=e=>{const s=steps[e.key];if(!s||e.altKey||e.ctrlKey||e.metaKey||e.shiftKey||e.target.closest('audio,video,summary'))return;const a=links();const li=e.target.closest('li');const i=a.findIndex(x=>li&&li.contains(x));e.preventDefault();a[Math.max(0,Math.min(a.length-1,i+s))].focus()};
const field=document.querySelector('#filter');if(!field)return;
field.closest('label').hidden=false;const none=document.querySelector('#none');
field.oninput=()=>{const t=field.value.toLowerCase();let n=0;for(const li of list.children){const a=li.querySelector('a:not(.p)');if(a){li.hidden=!a.textContent.toLowerCase().includes(t);n+=!li.hidden}}none.hidden=n>0};
field.onkeydown=e=>{if(e.key==='ArrowDown'||e.key==='Enter'){const a=links()[0];if(a){e.preventDefault();a.focus()}}if(e.key==='Escape'){field.value='';field.oninput()}}})()
`

export const SCRIPT = SOURCE.trim().replaceAll('\n', '')

export const SCRIPT_HASH = createHash('sha256').update(SCRIPT).digest('base64')

/** Hidden until the script runs. An empty text copies the address of the page. */
export const copyButton = (text: string, label: string): Html =>
  html`<button class="quiet" type="button" hidden data-copy="${text}">${label}</button>`

export const scriptTag = (): Html => html`<script>${raw(SCRIPT)}</script>`
