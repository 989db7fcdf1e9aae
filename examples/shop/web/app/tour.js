// The guided tour. Each step does something real, then asks the engine what is true now: that is what it shows, and what a test reads.
//
// A step: where to look, what to do, and what the engine says afterwards. A claim is made of its answers only.

import { button, fill, h } from './dom.js';
import { explain, explained } from './why.js';
import { closeSheets } from './sheet.js';
import * as model from './model.js';
import { bytes, number, percent, t } from './words.js';
import { personalShare, shown } from './rails.js';

const go = async (hash) => {
  if (location.hash !== hash) {
    const there = new Promise((resolve) => model.news.addEventListener('screen', resolve, { once: true }));
    location.hash = hash;
    await there;
  } else {
    await model.refresh();
  }
};
const ids = () => (shown.get('for_you')?.items ?? []).map((item) => item.item_id);
const level = () => t('claim_level', { level: t(`short_${model.state.level}`) });

/** Looks at a card of the first row and likes it; how many cards changed. */
async function tapOne(at) {
  const before = ids();
  const id = before[at];
  await model.shop.track({ kind: 'view_item', item_id: id });
  await model.toggleWish(id);
  const after = ids();
  return { id, all: after.length, changed: after.filter((one) => !before.includes(one)).length + after.filter((one, i) => before.includes(one) && before[i] !== one).length, micros: shown.get('for_you')?.micros };
}
const changed = (tap) => t('claim_changed', { count: tap.changed, all: tap.all, micros: number(tap.micros) });

/** @type {{key: string, look: string, act: (kept: any) => Promise<Record<string, any>>}[]} each gives `claims` and, for tests, `facts` */
export const STEPS = [
  { key: 'step_off', look: '#strip', async act() {
    if (model.state.is_offline) await model.setAeroplane(false);
    await model.eraseEverything();
    await go('#/');
    const { level: now, events, store_bytes } = await model.shop.state();
    return { facts: { level: now, events, store_bytes, personal: personalShare() }, claims: [level(), t('claim_events', { count: events }), t('claim_store', { bytes: bytes(store_bytes) }), t('claim_personal', { share: percent(personalShare() ?? 0) })] };
  } },
  { key: 'step_agree', look: '#strip', async act() {
    await model.setLevel('on_device', 'tour');
    const receipts = await model.shop.receipts();
    return { facts: { level: model.state.level, receipts: receipts.length }, claims: [level(), t('claim_receipts', { count: receipts.length })] };
  } },
  { key: 'step_persona', look: '[data-rail="for_you"]', async act() {
    const [persona] = model.shop.personas;
    const kept = await model.become(persona.id);
    await go('#/');
    return { values: { name: persona.name }, facts: { kept, personal: personalShare() }, claims: [t('claim_events', { count: kept }), t('claim_personal', { share: percent(personalShare() ?? 0) })] };
  } },
  { key: 'step_tap', look: '[data-rail="for_you"]', async act() {
    const tap = await tapOne(3);
    return { facts: tap, claims: [changed(tap)] };
  } },
  { key: 'step_why', look: 'dialog.sheet', async act() {
    const answer = shown.get('for_you');
    // the first one's score is 1 by definition
    const id = answer.items[1].item_id;
    const { score, sum } = await explained(answer, id);
    explain(answer, id);
    await new Promise((resolve) => setTimeout(resolve, 50));
    return { facts: { score, sum, id }, claims: [t('claim_sum', { sum: number(sum, 6), score: number(score, 6) })] };
  } },
  { key: 'step_plane', look: '#aeroplane', async act() {
    await go('#/');
    await model.setAeroplane(true);
    const tried = await model.tryNetwork();
    const tap = await tapOne(5);
    return { facts: { ...tap, tried }, claims: [tried.passed ? t('plane_passed', { status: tried.status }) : t('claim_refused', { why: tried.why }), changed(tap)] };
  } },
  { key: 'step_forget', look: '.history', async act() {
    await go('#/history');
    const before = (await model.shop.state()).events;
    const [newest] = await model.shop.history(1);
    await model.shop.forget({ event: newest.event });
    const after = (await model.shop.state()).events;
    await go('#/you');
    await go('#/history');
    return { facts: { before, after }, claims: [t('claim_erased', { before: t('claim_events', { count: before }), after: t('claim_events', { count: after }) })] };
  } },
  { key: 'step_leaving', look: '.report', async act(kept) {
    await go('#/leaving');
    const preview = await model.shop.previewBeforeOptIn();
    kept.shown = preview.report.bytes;
    return { facts: { bytes: preview.report.bytes, rehearsal: preview.is_rehearsal, level: model.state.level }, claims: [t('claim_bytes', { count: preview.report.bytes.length / 2, level: t(`short_${model.state.level}`) })] };
  } },
  { key: 'step_opt_in', look: '.report', async act(kept) {
    const { receipt, preview, is_as_shown } = await model.shop.optIn(model.consentTo('shared', 'tour'));
    await go('#/you');
    await go('#/leaving');
    return { facts: { receipt, bytes: preview?.report.bytes, same: preview?.report.bytes === kept.shown, is_as_shown }, claims: [level(), t('claim_as_shown', { yes: t(is_as_shown ? 'yes' : 'number_no') })] };
  } },
  { key: 'step_send', look: '#strip', async act() {
    await model.setAeroplane(false);
    await model.shop.advanceClockToReport();
    const sent = await model.shop.sendReport();
    await go('#/you');
    await go('#/leaving');
    return { facts: { sent, bytes_sent: model.state.bytes_sent }, claims: [sent ? t('claim_sent', { count: sent.report.bytes.length / 2, status: sent.status }) : t('nothing_pending')] };
  } },
  { key: 'step_erase', look: '[data-claim="store"]', async act() {
    await go('#/you');
    const erased = await model.eraseEverything();
    return { facts: { ...erased, level: model.state.level }, claims: [t('claim_erased', { before: bytes(erased.bytes_before), after: bytes(erased.bytes_after) }), level()] };
  } },
  { key: 'step_end', look: '#strip', async act() {
    await go('#/');
    const { bytes_sent } = await model.shop.state();
    return { facts: { bytes_sent }, total: bytes_sent, claims: [] };
  } },
];

/** What the steps have found, for who checks it. */
export const found = [];

function tour(host) {
  const node = h('section.tour', { 'aria-labelledby': 'tour-heading', tabindex: '-1' });
  const kept = {};
  let at = -1;
  let lit = null;
  const light = (selector) => {
    lit?.classList.remove('lit');
    lit = selector ? document.querySelector(selector) : null;
    lit?.classList.add('lit');
    lit?.scrollIntoView({ block: 'nearest', behavior: matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth' });
  };
  function end() {
    light(null);
    node.remove();
    document.body.classList.remove('touring');
    (document.querySelector('.tour-start') ?? document.querySelector('h1')).focus();
  }
  async function next() {
    at += 1;
    if (at >= STEPS.length) return end();
    const step = STEPS[at];
    closeSheets();
    const heading = h('p.at', { id: 'tour-heading' }, t('tour_step', { at: at + 1, all: STEPS.length }));
    fill(node, heading, h('p.wait', { role: 'status' }, t('tour_wait')));
    node.dataset.step = 'busy';
    let result;
    try {
      result = await step.act(kept);
    } catch (error) {
      result = { facts: { error: error.code ?? error.message }, claims: [`${error.code ?? ''} ${error.message}`] };
    }
    found[at] = { key: step.key, ...result };
    const last = at + 1 === STEPS.length;
    fill(node, heading, h('p.says', { role: 'status' }, t(step.key, result.values), result.total === undefined ? null : h('strong.total-bytes', { 'data-total': result.total }, number(result.total))),
      result.claims.length ? h('div.claims', {}, h('span.label', {}, t('tour_says')), h('ul', {}, result.claims.map((claim) => h('li', {}, claim)))) : null,
      h('div.row', {}, last ? null : button(t('tour_next'), next, 'primary'), button(t('tour_end'), end, last ? 'primary' : '')));
    node.dataset.step = String(at);
    // a sheet is over everything else, the tour goes with it
    (document.querySelector('dialog[open]') ?? host).append(node);
    light(step.look);
    node.querySelector('.button').focus({ preventScroll: true });
    return null;
  }
  document.body.classList.add('touring');
  host.append(node);
  return next();
}

/** The button that starts it, with what it does first. */
export const tourStart = (...classes) => h(['div', 'start', ...classes].join('.'), {}, h('button.button.primary.tour-start', { type: 'button', onclick: () => tour(document.body) }, t('tour_start')),
  h('small', {}, t('tour_erases')));
