// The page: the phone's frame, the strip, the address, and what stands beside the phone.

import { fill, h, icon } from './dom.js';
import * as model from './model.js';
import { LANGUAGES, bytes, language, number, percent, speak, t } from './words.js';
import * as screens from './screens.js';
import * as mine from './mine.js';
import { collector, merchant, panelScreen, personas } from './panels.js';
import { personalShare, refreshes, shown } from './rails.js';
import { closeSheets } from './sheet.js';
import { found, tourStart } from './tour.js';

const SCREENS = {
  '': screens.home, search: screens.search, category: screens.categoryScreen, item: screens.item, cart: screens.cart, checkout: screens.checkout,
  wishlist: screens.wishlist, you: mine.you, history: mine.history, interests: mine.interests, leaving: mine.leaving,
  personas: mine.personasScreen, merchant: () => panelScreen(merchant, t('merchant')), collector: () => panelScreen(collector, t('collector')),
};
const TABS = [['', 'home'], ['search', 'search'], ['wishlist', 'heart'], ['cart', 'cart'], ['you', 'you']];
const TAB_OF = { category: '', item: '', checkout: 'cart', history: 'you', interests: 'you', leaving: 'you', personas: 'you', merchant: 'you', collector: 'you' };
const NAMES = { '': 'nav_home', search: 'nav_search', wishlist: 'nav_wishlist', cart: 'nav_cart', you: 'nav_you' };
const KEPT_THEME = 'shop-theme';
const SAID_MS = 6000;

const place = () => location.hash.replace(/^#\/?/, '').split('/');
const scrolled = new Map();
let current = null;
let at = null;
let came = '#/';
let hasShown = false;
let parts = {};

// -- the theme --

function theme(next) {
  if (next) {
    document.documentElement.dataset.theme = next;
    localStorage.setItem(KEPT_THEME, next);
  } else if (localStorage.getItem(KEPT_THEME)) {
    document.documentElement.dataset.theme = localStorage.getItem(KEPT_THEME);
  }
}
const isDark = () => (document.documentElement.dataset.theme ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light')) === 'dark';

// -- the screen --

let turn = 0;
async function show(isNew = true) {
  const mine = (turn += 1);
  const [screenName, argument] = place();
  const make = SCREENS[screenName] ?? screens.home;
  if (isNew && at !== null) scrolled.set(at, parts.main.scrollTop);
  closeSheets();
  let screen;
  try {
    screen = await make(argument && decodeURIComponent(argument));
  } catch (error) {
    screen = { title: t('shop'), rails: [], node: h('p', { role: 'alert' }, error.message) };
  }
  if (mine !== turn) return;
  current = screen;
  // back from a product is where the shopper came from
  if (screen.isDeep && isNew) came = at && at !== location.hash ? at : '#/';
  if (screen.isDeep) screen.back = came;
  at = location.hash;
  shown.clear();
  const heading = h('h1', { tabindex: '-1', class: screen.isHome ? 'first' : null }, screen.isHome ? t('shop') : screen.title);
  fill(parts.main, h('div.head', {}, screen.back ? h('a.back', { href: screen.back, 'aria-label': t('back') }, icon('back')) : null, heading), screen.node);
  document.title = `${screen.title} · ${t('shop')}`;
  const tab = TAB_OF[screenName] ?? screenName;
  for (const link of parts.nav.querySelectorAll('a')) {
    if (link.dataset.tab === tab) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  await Promise.all(screen.rails.map((rail) => rail.refresh()));
  if (mine !== turn) return;
  strip();
  if (isNew) {
    parts.main.scrollTop = scrolled.get(at) ?? 0;
    if (hasShown && !document.body.classList.contains('touring')) heading.focus({ preventScroll: true });
  }
  hasShown = true;
  model.tell('screen', screen);
}

// -- the strip --

function strip() {
  const { bytes_sent, level } = model.state;
  const share = personalShare();
  const cells = { sent: bytes(bytes_sent), call: model.lastCall ? `${number(model.lastCall.micros)} µs` : '–', level: t(`short_${level}`), personal: share === null ? '–' : percent(share) };
  for (const [key, text] of Object.entries(cells)) if (parts.cells[key].textContent !== text) parts.cells[key].textContent = text;
  parts.cells.call.title = model.lastCall?.name ?? '';
  parts.strip.dataset.level = level;
}

/** For who listens: at most once in a while, and only what matters. */
let announced = null;
let waiting = [];
function announce(text) {
  waiting.push(text);
  clearTimeout(announced);
  announced = setTimeout(() => {
    parts.live.textContent = waiting.join(' ');
    waiting = [];
  }, 300);
}

let toasting;
function toast(text) {
  parts.toast.textContent = text;
  parts.toast.hidden = false;
  clearTimeout(toasting);
  toasting = setTimeout(() => { parts.toast.hidden = true; }, SAID_MS);
}

// -- the frame --

function aeroplane() {
  const node = h('button.plane', { type: 'button', role: 'switch', id: 'aeroplane', 'aria-label': t('aeroplane') }, icon('plane'));
  node.addEventListener('click', () => model.setAeroplane(!model.state.is_offline));
  return node;
}

function frame() {
  const cells = Object.fromEntries(['sent', 'call', 'level', 'personal'].map((key) => [key, h('dd', { id: `strip-${key}` })]));
  const cart = h('span.count', { hidden: true });
  const languages = h('select', { id: 'language', 'aria-label': t('language') }, Object.entries(LANGUAGES).map(([code, own]) => h('option', { value: code, lang: code }, own)));
  languages.value = language;
  languages.addEventListener('change', async () => { speak(languages.value); build(); await show(false); document.querySelector('#language').focus(); });
  const toggle = h('button.quiet.icon-only', { type: 'button', 'aria-label': t('theme'), onclick: () => theme(isDark() ? 'light' : 'dark') }, icon('theme'));
  const plane = aeroplane();
  const offline = h('div.offline', {}, h('p', {}, h('strong', {}, t('plane_on'))), h('button.quiet', { type: 'button', onclick: async () => {
    const tried = await model.tryNetwork();
    fill(outcome, tried.passed ? t('plane_passed', { status: tried.status }) : t('plane_failed', { why: tried.why }));
  } }, t('plane_try')), h('details', {}, h('summary', {}, '?'), h('p', {}, t('plane_text'))));
  const outcome = h('p.outcome', { role: 'status' });
  offline.append(outcome);
  parts = {
    cells, cart, plane, offline, outcome,
    main: h('main', { id: 'shop', tabindex: '-1' }),
    nav: h('nav', { 'aria-label': t('nav') }, TABS.map(([tab, drawing]) => h('a', { href: `#/${tab}`, 'data-tab': tab }, icon(drawing), h('span', {}, t(NAMES[tab])), tab === 'cart' ? cart : null))),
    strip: h('aside', { id: 'strip', 'aria-label': t('strip') }, h('dl', {}, Object.entries(cells).map(([key, cell]) => h('div', {}, h('dt', {}, t(`strip_${key}`)), cell)))),
    live: h('p.unseen', { role: 'status', id: 'live' }),
    toast: h('p.toast', { role: 'status', hidden: true }),
  };
  return h('div.phone', {},
    h('header', {}, h('div.status', {}, languages, h('span.island', { 'aria-hidden': 'true' }), toggle, plane), offline), parts.main, parts.toast, parts.strip, parts.nav, parts.live);
}

const isWide = matchMedia('(min-width: 1180px)');

function build() {
  document.documentElement.lang = language;
  const wide = isWide.matches;
  const side = wide ? h('aside.side', { 'aria-label': t('tour') }, h('p.brand', {}, t('shop')), h('p.lead', {}, t('lead')), tourStart(), personas()) : null;
  const other = wide ? h('aside.side.right', { 'aria-label': t('merchant') }, merchant(), collector()) : null;
  document.querySelectorAll('.tour').forEach((node) => node.remove());
  document.body.classList.remove('touring');
  fill(document.body, h('a.skip', { href: '#shop', onclick: (event) => { event.preventDefault(); parts.main.focus(); } }, t('skip')), h('div.stage', {}, side, frame(), other));
  paint();
}

function paint() {
  const { is_offline } = model.state;
  parts.plane.setAttribute('aria-checked', String(is_offline));
  parts.offline.hidden = !is_offline;
  if (!is_offline) parts.outcome.textContent = '';
  document.body.classList.toggle('aeroplane', is_offline);
  const count = [...model.cart.values()].reduce((sum, one) => sum + one, 0);
  parts.cart.hidden = count === 0;
  parts.cart.textContent = number(count);
  strip();
}

// -- from the beginning --

async function begin() {
  theme();
  document.documentElement.lang = language;
  const opening = document.querySelector('.opening');
  opening.textContent = t('loading');
  const asked = new URLSearchParams(location.search);
  // the service worker stands before the network, and has the shop when there is none
  navigator.serviceWorker?.register('sw.js').catch(() => {});
  try {
    await model.start({ ...(asked.get('size') && { size: asked.get('size') }), ...(asked.has('memory') && { memory: true }) });
    await model.setAeroplane(false);
  } catch (error) {
    opening.textContent = t('failed', { why: error.code === 'Browser' ? t('old_browser') : error.message });
    return;
  }
  build();
  let level = model.state.level;
  let sent = model.state.bytes_sent;
  model.news.addEventListener('state', () => {
    if (level !== model.state.level || sent !== model.state.bytes_sent) announce(`${t('strip_level')}: ${t(`short_${model.state.level}`)}. ${t('strip_sent')}: ${bytes(model.state.bytes_sent)}.`);
    level = model.state.level;
    sent = model.state.bytes_sent;
    paint();
    current?.onstate?.();
  });
  model.news.addEventListener('call', strip);
  model.news.addEventListener('shown', strip);
  model.news.addEventListener('cart', () => { paint(); current?.oncart?.(); });
  model.news.addEventListener('refresh', ({ detail }) => detail.waits.push(...(current?.rails ?? []).map((rail) => rail.refresh(detail.began))));
  model.news.addEventListener('changed', ({ detail }) => announce(t('rail_changed', detail)));
  model.news.addEventListener('say', ({ detail }) => toast(detail));
  window.addEventListener('hashchange', () => show());
  isWide.addEventListener('change', () => { build(); show(false); });
  await show();
  // the engine itself, for the console and for tests
  Object.assign(globalThis, { shop: { engine: model.shop, model, refreshes, shown, found } });
  document.documentElement.dataset.ready = 'true';
}

begin();
