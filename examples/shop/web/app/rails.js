// Rows of cards. In: answers of the engine. Out: cards with their tags, and what changed since the row was asked for last.

import { drawn, fill, h, icon } from './dom.js';
import { explain } from './why.js';
import * as model from './model.js';
import { money, t } from './words.js';
import { picture } from './picture.js';

/** From the moment a tap asks for rows to each row in the document, the page's part of it, and the engine's, for whoever measures. */
export const refreshes = [];
/** The answers on the screen by row. */
export const shown = new Map();
/** Items of late, the newest last, for the merchant to choose from. */
export const seen = new Set();
const SEEN = 60;

const tagOf = (item) => (item.reasons[0]?.kind === 'new' ? 'new' : item.source);

export function price(product) {
  return h('span.price', {}, money(product.price, product.currency), product.in_stock ? null : h('em', {}, t('sold_out')));
}

/** A product's picture and name as a link. */
export function tile(id, ...more) {
  const product = model.shop.product(id);
  return h('article.card', { 'data-item': id },
    h('a', { href: `#/item/${id}`, class: 'open' }, drawn(picture(product.picture)), h('span.name', {}, model.title(id))),
    h('p.line', {}, price(product)), more);
}

function heart(id) {
  const node = h('button.heart', { type: 'button' }, icon('heart'));
  const paint = () => {
    const on = model.wishes.has(id);
    node.setAttribute('aria-pressed', String(on));
    node.setAttribute('aria-label', t(on ? 'unwish' : 'wish', { name: model.title(id) }));
  };
  node.addEventListener('click', async () => {
    await model.toggleWish(id);
    paint();
  });
  paint();
  return node;
}

function card(item, answer) {
  const id = item.item_id;
  const tag = tagOf(item);
  const named = { name: model.title(id) };
  const node = tile(id,
    h(`span.tag.${tag}`, {}, t(`tag_${tag}`)),
    heart(id),
    h('div.deeds', {},
      h('button.quiet', { type: 'button', 'aria-label': `${t('why')} ${named.name}`, onclick: () => explain(answer(), id) }, t('why')),
      h('button.quiet.icon-only', { type: 'button', title: t('not_interested'), 'aria-label': t('not_interested_in', named),
        onclick: () => model.refuse(id) }, icon('close'))));
  node.querySelector('a').addEventListener('click', () => {
    model.origins.set(id, { recommendation_id: answer().recommendation_id, position: item.position });
  });
  return node;
}

/**
 * A row that asks again whenever something changed.
 * @param {string} key `for_you`, for its heading
 * @param {() => import("../engine.d.ts").Request | null} request what to ask; `null` hides the row
 */
export function rail(key, request) {
  const id = `rail-${key}`;
  const list = h('ul.cards');
  const node = h('section.rail', { 'aria-labelledby': id, 'data-rail': key, hidden: true }, h('h2', { id }, t(`rail_${key}`)), list);
  let answer = null;

  async function refresh(began) {
    const asked = request();
    const next = asked && (await model.shop.recommend(asked));
    if (!node.isConnected && answer) return;
    const answered = performance.now();
    const before = new Map([...list.children].map((item) => [item.dataset.key, item]));
    const first = answer === null;
    answer = next;
    const items = (next?.items ?? []).map((item) => {
      const is = `${item.item_id} ${tagOf(item)} ${model.shop.product(item.item_id).in_stock} ${model.shop.product(item.item_id).price}`;
      return before.get(is) ?? h('li', { 'data-key': is, class: first ? null : 'fresh' }, card(item, () => answer));
    });
    const focused = document.activeElement;
    const changed = items.filter((item) => item.classList.contains('fresh') && !before.has(item.dataset.key)).length;
    if (first || changed > 0 || items.length !== list.children.length || items.some((item, at) => list.children[at] !== item)) fill(list, items);
    if (focused?.isConnected && focused !== document.activeElement) focused.focus({ preventScroll: true });
    node.hidden = items.length === 0;
    for (const { item_id } of next?.items ?? []) {
      seen.delete(item_id);
      seen.add(item_id);
    }
    for (const id of [...seen].slice(0, -SEEN)) seen.delete(id);
    if (next) shown.set(key, next);
    else shown.delete(key);
    model.tell('shown');
    if (began !== undefined) {
      const done = performance.now();
      refreshes.push({ row: key, ms: done - began, page: done - answered, micros: next?.micros ?? 0 });
      if (changed > 0) model.tell('changed', { rail: t(`rail_${key}`), count: changed, all: items.length });
    }
  }
  return { key, node, refresh };
}

/** How many of the cards on the screen are there for this shopper: what the engine calls personal. */
export function personalShare() {
  const items = [...shown.values()].flatMap((answer) => answer.items);
  if (items.length === 0) return null;
  return items.filter((item) => item.source === 'personal').length / items.length;
}

// The same question has the same answer, so that a row changes for a tap only.
const SEED = { seed: '1' };
export const RAILS = {
  // to a stranger it would be what is trending
  for_you: () => rail('for_you', () => (model.state.level === 'off' ? null : { kind: 'for_you', count: 10, scenario: 'home', exploration_rate: 0.1, ...SEED })),
  with_cart: () => rail('with_cart', () => (model.cart.size === 0 ? null : { kind: 'bought_with', items: [...model.cart.keys()], count: 10, ...SEED })),
  recent: () => rail('recent', () => ({ kind: 'recently_viewed', count: 10, ...SEED })),
  again: () => rail('again', () => ({ kind: 'buy_again', count: 10, ...SEED })),
  trending: (category) => rail('trending', () => ({ kind: 'trending', count: 10, ...(category && { category }), ...SEED })),
  fresh: (category) => rail('new', () => ({ kind: 'new_arrivals', count: 10, ...(category && { category }), ...SEED })),
  related: (item) => rail('related', () => ({ kind: 'related_to', item, count: 10, ...SEED })),
  bought_with: (item) => rail('bought_with', () => ({ kind: 'bought_with', items: [item], count: 10, ...SEED })),
};
