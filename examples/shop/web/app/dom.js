// Elements in one line. In: names, properties, children. Out: nodes. Texts become text nodes, never markup.

/**
 * @param {string} name tag, with classes: `div.card.wide`
 * @param {Record<string, any>} [properties] `on*` are listeners, `true` an attribute without value, `null` and `false` none
 * @param {...any} children nodes, texts, lists of them; `null` and `false` are nothing
 */
export function h(name, properties = {}, ...children) {
  const [tag, ...classes] = name.split('.');
  const node = document.createElement(tag);
  if (classes.length) node.className = classes.join(' ');
  for (const [key, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith('on')) node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value === true ? '' : value);
  }
  node.append(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** An SVG of ours as a node. Only for markup that this shop's code made. */
export function drawn(markup) {
  const template = document.createElement('template');
  template.innerHTML = markup;
  return template.content.firstElementChild;
}

/** A line icon: paths in a square of 24. */
export function icon(name) {
  return drawn(`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path d="${ICONS[name]}"/></svg>`);
}

const ICONS = {
  home: 'M4 11 12 4l8 7v9h-5v-6H9v6H4z',
  search: 'M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.5 15.5 20 20',
  heart: 'M12 20S4 15 4 9.5A4.2 4.2 0 0 1 12 7.6 4.2 4.2 0 0 1 20 9.5C20 15 12 20 12 20z',
  cart: 'M3 4h3l2 11h9l2-8H7M9.5 19.5h.01M16.5 19.5h.01',
  you: 'M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM4 20c1-4 4.500-5 8-5s7 1 8 5',
  back: 'M14 5l-7 7 7 7',
  close: 'M6 6l12 12M18 6 6 18',
  plane: 'M21 15v-2l-7.500-4.500V4a1.500 1.500 0 0 0-3 0v4.500L3 13v2l7.500-2.200V17L8 19v1.500l4-1 4 1V19l-2.500-2v-4.200z',
  theme: 'M20 14.500A8 8 0 1 1 9.500 4a6.500 6.500 0 0 0 10.500 10.500z',
  bin: 'M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13',
  gift: 'M4 9h16v4H4zM6 13h12v7H6zM12 9v11M12 9C9 9 7.500 4 10 4s2 5 2 5 0-5 2-5 1 5-2 5',
  chevron: 'M9 5l7 7-7 7',
  more: 'M6 12h.01M12 12h.01M18 12h.01',
};

/** Swaps what is in a node. */
export function fill(node, ...children) {
  node.replaceChildren(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export const button = (label, act, kind = '') => h(`button.button${kind && '.'}${kind}`, { type: 'button', onclick: act }, label);
