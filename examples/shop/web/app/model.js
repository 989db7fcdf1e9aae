// What the page knows, and what a tap does. In: taps. Out: calls of the engine, and news for what is on the screen.
//
// Cart and wish list also work at level Off, so the page remembers them itself, in memory; the engine's own are taken over where it
// keeps some. Must never make up an answer: where the engine refuses, the refusal is passed on.

import { openShop } from '../engine.js';
import { language, t } from './words.js';

/** @type {import("../engine.d.ts").Shop} */
export let shop;
/** @type {import("../engine.d.ts").State} */
export let state;
/** The last call of the engine that took part in something on the screen. */
export let lastCall = null;
export const cart = new Map();
export const wishes = new Set();
/** Where an item on the screen came from: the answer and the place in it. */
export const origins = new Map();
/** `state`, `call`, `refresh`, `say`. */
export const news = new EventTarget();

export const tell = (name, detail) => news.dispatchEvent(new CustomEvent(name, { detail }));
/** Says something to who looks and to who listens. */
export const say = (text) => tell('say', text);

export async function start(options) {
  shop = await openShop(options);
  state = await shop.state();
  lastCall = shop.calls[0] ?? null;
  shop.addEventListener('state', ({ detail }) => {
    state = detail;
    tell('state');
  });
  shop.addEventListener('call', ({ detail }) => {
    lastCall = detail;
    tell('call');
  });
  await takeOver();
}

/** The cart and the wish list as the engine keeps them. */
async function takeOver() {
  const profile = await shop.profile();
  cart.clear();
  wishes.clear();
  for (const [id, count] of profile.cart) cart.set(id, count);
  for (const id of profile.wishlist) wishes.add(id);
  tell('cart');
}

/** Every row on the screen is asked for anew. */
export function refresh() {
  const began = performance.now();
  const waits = [];
  tell('refresh', { began, waits });
  return Promise.all(waits);
}

// -- names in the shopper's language --

export const title = (id) => shop.product(id)?.title[language] ?? id;
export const category = (id) => shop.catalog.categories.find((one) => one.id === id);
export const name = (id) => shop.product(id)?.title[language] ?? category(id)?.name[language] ?? id;
/** A topic's name: its label is the English name of a category, where it is one. */
export const topic = (label) => (label ? shop.catalog.categories.find((one) => one.name.en === label)?.name[language] ?? label : t('topic_none'));
export const word = (key, value) => shop.catalog.words[key]?.[value]?.[language] ?? value;
export const isSensitive = (product) => product.category.some((id) => category(id)?.sensitive);

/** A reason as a sentence. */
export const because = ({ kind, subject }) => t(`reason_${kind}`, { name: subject === undefined ? '' : name(subject) });

// -- what a shopper does --

export async function look(id) {
  const origin = origins.get(id);
  if (origin) await shop.track({ kind: 'select_item', item_id: id, ...origin });
  return shop.track({ kind: 'view_item', item_id: id });
}

export async function toggleWish(id) {
  const on = !wishes.has(id);
  if (on) wishes.add(id);
  else wishes.delete(id);
  await shop.track({ kind: on ? 'add_to_wishlist' : 'remove_from_wishlist', item_id: id });
  tell('cart');
  await refresh();
  return on;
}

export async function addToCart(id) {
  cart.set(id, (cart.get(id) ?? 0) + 1);
  await shop.track({ kind: 'add_to_cart', item_id: id, ...origins.get(id) });
  tell('cart');
  say(t('added', { name: title(id) }));
  await refresh();
}

export async function takeOut(id) {
  cart.delete(id);
  await shop.track({ kind: 'remove_from_cart', item_id: id });
  tell('cart');
}

/** Buys what is in the cart; `isGift` keeps it out of what is learned. */
export async function buy(isGift) {
  const items = [...cart.keys()];
  const tracked = await shop.track({ kind: 'purchase', items, ...(isGift && { learn: false }) });
  cart.clear();
  tell('cart');
  return tracked;
}

export async function refuse(id) {
  await shop.track({ kind: 'not_interested', subject: { item: id } });
  say(t('gone', { name: title(id) }));
  await refresh();
}

// -- the ladder --

const LADDER = ['off', 'session', 'on_device', 'shared'];
export const isRaise = (level) => LADDER.indexOf(level) > LADDER.indexOf(state.level);
export const notice = (level) => t({ session: 'notice_session', on_device: 'notice', shared: 'notice_shared' }[level]);
export const consentTo = (level, surface) => ({ notice_text: notice(level), locale: language, surface });

export async function setLevel(level, surface) {
  state = await shop.setLevel(level, isRaise(level) ? consentTo(level, surface) : undefined);
  tell('state');
  await refresh();
}

export async function become(id) {
  const count = await shop.becomePersona(id);
  await takeOver();
  await refresh();
  return count;
}

export async function eraseEverything() {
  const erased = await shop.eraseEverything();
  await takeOver();
  await refresh();
  return erased;
}

/** The aeroplane switch: the engine's worker, and the service worker that stands before the network. */
export async function setAeroplane(on) {
  state = await shop.setOffline(on);
  const registration = await navigator.serviceWorker?.getRegistration();
  await new Promise((resolve) => {
    if (!registration?.active) return resolve();
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = resolve;
    registration.active.postMessage({ aeroplane: on }, [port2]);
    setTimeout(resolve, 1000);
  });
  tell('state');
}

/** A real request over the page's network: how it went. */
export async function tryNetwork() {
  try {
    const answer = await fetch(`/v1/estimates?at=${Date.now()}`, { cache: 'no-store' });
    return { passed: true, status: answer.status };
  } catch (error) {
    return { passed: false, why: error.message };
  }
}
