// The shop's screens. In: what is in the address. Out: a title, what is to see, the rows in it.

import { button, drawn, fill, h } from './dom.js';
import { RAILS, price, tile } from './rails.js';
import * as model from './model.js';
import { language, money, number, t } from './words.js';
import { picture } from './picture.js';
import { tourStart } from './tour.js';

const FOUND = 60;
const roots = () => model.shop.catalog.categories.filter((one) => one.parent === null);
const nodes = (rails) => rails.map((rail) => rail.node);

function categoryTile(one) {
  const product = model.shop.catalog.products.find((item) => item.category.includes(one.id));
  return h('li', {}, h('a', { href: `#/category/${one.id}` },
    product ? drawn(picture({ ...product.picture, shape: one.shape })) : null, h('span', {}, one.name[language])));
}

export function home() {
  const rails = [RAILS.for_you(), RAILS.with_cart(), RAILS.recent(), RAILS.again(), RAILS.trending(), RAILS.fresh()];
  const banner = h('aside.banner', { 'aria-label': t('off_title') }, h('strong', {}, t('off_title')), h('p', {}, t('off_text')),
    h('a.button.primary', { href: '#/you' }, t('turn_on')), tourStart('narrow-only'));
  const paint = () => { banner.hidden = model.state.level !== 'off'; };
  paint();
  return {
    title: t('nav_home'), isHome: true, rails, onstate: paint,
    node: h('div', {}, banner, nodes(rails), h('section.rail', { 'aria-labelledby': 'departments' }, h('h2', { id: 'departments' }, t('categories')),
      h('ul.tiles', {}, roots().map(categoryTile)))),
  };
}

/** Products of a list in the shopper's order: the engine's `rerank`. */
async function ordered(products, context) {
  const some = products.slice(0, 1000);
  const { items } = await model.shop.rerank(some.map((product) => product.id), context);
  return items.map((item) => item.item_id);
}

const grid = (ids) => h('ul.grid', {}, ids.slice(0, FOUND).map((id) => h('li', {}, tile(id))));

export function search() {
  const results = h('div', { 'aria-live': 'polite' });
  let turn = 0;
  async function find(text, isDone) {
    const mine = (turn += 1);
    const words = text.toLocaleLowerCase(language).split(/\s+/).filter(Boolean);
    if (words.length === 0) return fill(results, h('ul.tiles', {}, roots().map(categoryTile)));
    if (isDone) await model.shop.track({ kind: 'search', query: text.trim() });
    const found = model.shop.catalog.products.filter((product) => {
      const text = `${product.title[language]} ${product.brand}`.toLocaleLowerCase(language);
      return words.every((word) => text.includes(word));
    });
    const ids = found.length ? await ordered(found, { query: text.trim() }) : [];
    if (mine !== turn) return null;
    return fill(results, h('p.quiet-text', {}, ids.length ? `${t('search_count', { count: number(found.length) })} · ${t('search_order')}` : t('search_none')), grid(ids));
  }
  const input = h('input', { type: 'search', id: 'search', autocomplete: 'off', oninput: () => find(input.value, false) });
  find('', false);
  return {
    title: t('nav_search'), rails: [],
    node: h('div', {}, h('form.search', { role: 'search', onsubmit: (event) => { event.preventDefault(); find(input.value, true); } },
      h('label', { for: 'search' }, t('search_label')), input), results),
  };
}

export async function categoryScreen(id) {
  const one = model.category(id);
  if (!one) return home();
  await model.shop.track({ kind: 'view_category', category: id });
  const below = model.shop.catalog.categories.filter((child) => child.parent === id);
  const products = model.shop.catalog.products.filter((product) => product.category.includes(id));
  const rails = [RAILS.trending(id), RAILS.fresh(id)];
  return {
    title: one.name[language], back: one.parent ? `#/category/${one.parent}` : '#/', rails,
    node: h('div', {}, one.sensitive ? h('p.chip', {}, t('sensitive')) : null,
      below.length ? h('ul.tiles', {}, below.map(categoryTile)) : null, nodes(rails),
      h('section.rail', { 'aria-labelledby': 'all' }, h('h2', { id: 'all' }, t('all_in', { name: one.name[language] })), grid(await ordered(products, { category: id })))),
  };
}

export async function item(id) {
  const product = model.shop.product(id);
  if (!product) return home();
  const tracked = await model.look(id);
  const rails = [RAILS.related(id), RAILS.bought_with(id)];
  const buyButton = button(t('add_to_cart'), () => model.addToCart(id), 'primary');
  const line = h('p.line.big');
  const paint = () => {
    fill(line, price(product));
    buyButton.disabled = !product.in_stock;
  };
  paint();
  return {
    title: model.title(id), isDeep: true, rails, onstate: paint,
    node: h('div', {}, h('article.product', { 'data-item': id }, drawn(picture(product.picture)), h('p.path', {}, product.category.map((one, at) =>
      [at ? ' › ' : null, h('a', { href: `#/category/${one}` }, model.name(one))])), line,
    h('dl', {}, h('div', {}, h('dt', {}, t('made_by')), h('dd', {}, product.brand)), Object.entries(product.attributes).map(([key, value]) =>
      h('div', {}, h('dt', {}, model.word(key, '')), h('dd', {}, model.word(key, value))))),
    tracked === 'sensitive' ? h('p.chip', {}, t('sensitive')) : null,
    h('div.row', {}, buyButton, wishButton(id))), nodes(rails)),
  };
}

function wishButton(id) {
  const node = button('', async () => { await model.toggleWish(id); paint(); });
  const paint = () => {
    const on = model.wishes.has(id);
    node.textContent = on ? '♥' : '♡';
    node.setAttribute('aria-label', t(on ? 'unwish' : 'wish', { name: model.title(id) }));
    node.setAttribute('aria-pressed', String(on));
  };
  paint();
  return node;
}

export function cart() {
  const rails = [RAILS.with_cart()];
  const list = h('ul.lines');
  const foot = h('div');
  function paint() {
    const lines = [...model.cart].map(([id, count]) => ({ id, count, product: model.shop.product(id) })).filter((line) => line.product);
    fill(list, lines.map(({ id, count, product }) => h('li', {}, drawn(picture(product.picture)), h('div', {}, h('a', { href: `#/item/${id}` }, model.title(id)),
      h('p.line', {}, `${count} × `, price(product))), h('button.quiet', { type: 'button', 'aria-label': `${t('remove')} ${model.title(id)}`,
      onclick: async () => { await model.takeOut(id); paint(); await model.refresh(); } }, t('remove')))));
    const total = lines.reduce((sum, { count, product }) => sum + count * product.price, 0);
    fill(foot, lines.length === 0 ? h('p.empty', {}, t('cart_empty'), h('br'), h('a.button', { href: '#/' }, t('go_on')))
      : [h('p.total', {}, h('span', {}, t('total')), h('strong', {}, money(total))), h('a.button.primary.wide', { href: '#/checkout' }, t('checkout'))]);
  }
  paint();
  model.shop.track({ kind: 'view_cart' });
  return { title: t('nav_cart'), rails, oncart: paint, node: h('div', {}, list, foot, nodes(rails)) };
}

export function checkout() {
  const gift = h('input', { type: 'checkbox', id: 'gift' });
  const total = [...model.cart].reduce((sum, [id, count]) => sum + count * (model.shop.product(id)?.price ?? 0), 0);
  const node = h('div');
  const pay = button(t('buy'), async () => {
    const tracked = await model.buy(gift.checked);
    fill(node, h('div.done', { role: 'status' }, h('h2', {}, t('thanks')), h('p', {}, t('thanks_text', { tracked })), h('a.button.primary', { href: '#/' }, t('go_on'))));
    await model.refresh();
  }, 'primary');
  pay.disabled = model.cart.size === 0;
  fill(node, h('p.total', {}, h('span', {}, t('total')), h('strong', {}, money(total))), h('p.check', {}, gift, h('label', { for: 'gift' }, t('a_gift'))), pay);
  return { title: t('checkout'), back: '#/cart', rails: [], node };
}

export function wishlist() {
  const rails = [RAILS.for_you()];
  const ids = [...model.wishes].filter((id) => model.shop.product(id));
  return { title: t('nav_wishlist'), rails, node: h('div', {}, ids.length ? grid(ids) : h('p.empty', {}, t('wishlist_empty')), nodes(rails)) };
}
