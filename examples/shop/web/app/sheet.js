// A sheet over the phone: a dialog that keeps the focus and gives it back.

import { button, h, icon } from './dom.js';
import { t } from './words.js';

/** Shows a sheet. The promise resolves when it is closed. */
export function sheet(heading, ...body) {
  const id = `sheet-${performance.now()}`;
  const node = h('dialog.sheet', { 'aria-labelledby': id },
    h('header', {}, h('h2', { id }, heading), h('button.quiet.icon-only', { type: 'button', 'aria-label': t('close'), onclick: () => node.close() }, icon('close'))),
    h('div.body', { tabindex: '0', role: 'group', 'aria-labelledby': id }, body));
  document.body.append(node);
  node.addEventListener('click', (event) => event.target === node && node.close());
  node.showModal();
  return new Promise((resolve) => node.addEventListener('close', () => {
    node.remove();
    resolve(node.returnValue);
  }));
}

/** Closes what is open. */
export const closeSheets = () => document.querySelectorAll('dialog.sheet').forEach((node) => node.close());

/** Asks; whether the answer was yes. */
export async function ask(heading, text, yes = t('agree')) {
  const close = (value) => (event) => event.target.closest('dialog').close(value);
  const said = await sheet(heading, h('p.notice', {}, text), h('div.row.end', {}, button(t('no'), close('no')), button(yes, close('yes'), 'primary')));
  return said === 'yes';
}
