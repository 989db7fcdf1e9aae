// The shopper's screens: level, history, interests, what would leave. Everything they show is asked of the engine.

import { button, drawn, fill, h, icon } from './dom.js';
import { ask, sheet } from './sheet.js';
import * as model from './model.js';
import { bytes, moment, number, percent, t } from './words.js';
import { picture } from './picture.js';
import { personas } from './panels.js';
import { tourStart } from './tour.js';

const LEVELS = ['off', 'session', 'on_device', 'shared'];
const DAY_MS = 86_400_000;

/** Raises or lowers the level. Raising asks; sharing is agreed to where its bytes are shown. */
export async function choose(level, surface = 'settings') {
  if (level === model.state.level) return true;
  if (level === 'shared') {
    location.hash = '#/leaving';
    return false;
  }
  if (model.isRaise(level) && !(await ask(t('agree_title'), model.notice(level)))) return false;
  await model.setLevel(level, surface);
  return true;
}

function ladder() {
  const inputs = LEVELS.map((level) => h('input', { type: 'radio', name: 'level', value: level, id: `level-${level}` }));
  const paint = () => inputs.forEach((input) => { input.checked = input.value === model.state.level; });
  for (const input of inputs) input.addEventListener('change', async () => { await choose(input.value); paint(); });
  paint();
  return {
    paint,
    node: h('fieldset.ladder', {}, h('legend', {}, t('level')), inputs.map((input) => h('div.step', {}, input,
      h('label', { for: input.id }, h('strong', {}, t(`level_${input.value}`)), h('small', {}, t(`about_${input.value}`)))))),
  };
}

function toggle(id, text, about, isOn, act) {
  const input = h('input', { type: 'checkbox', role: 'switch', id, 'aria-describedby': `${id}-about` });
  const paint = () => { input.checked = isOn(); };
  input.addEventListener('change', async () => { await act(input.checked); paint(); await model.refresh(); });
  paint();
  return { paint, node: h('div.toggle', {}, h('div', {}, h('label', { for: id }, text), h('small', { id: `${id}-about` }, about)), input) };
}

function save(text, file) {
  const link = h('a', { href: URL.createObjectURL(new Blob([text], { type: 'application/json' })), download: file });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

export async function eraseAll() {
  if (!(await ask(t('erase'), t('erase_ask'), t('erase')))) return null;
  const erased = await model.eraseEverything();
  model.say(t('erased', { before: bytes(erased.bytes_before), after: bytes(erased.bytes_after) }));
  return erased;
}

export function you() {
  const steps = ladder();
  const switches = [
    toggle('private', t('private'), t('private_text'), () => model.state.is_private_session, (on) => model.shop.setPrivateSession(on)),
    toggle('pause', t('pause'), t('pause_text'), () => model.state.is_paused, (on) => model.shop.pause(on)),
  ];
  const kept = h('p');
  const paint = () => {
    const { events, store_bytes, storage, is_durable } = model.state;
    fill(kept, h('strong', { 'data-claim': 'store' }, t('kept_text', { events: number(events), bytes: bytes(store_bytes) })), h('br'),
      h('small', {}, is_durable || storage !== 'persistent' ? t(`storage_${storage}`) : t('no_store')));
    steps.paint();
    switches.forEach((one) => one.paint());
  };
  paint();
  const link = (to, text) => h('li', {}, h('a', { href: to }, text, icon('chevron')));
  return {
    title: t('you'), rails: [], onstate: paint,
    node: h('div', {}, steps.node, switches.map((one) => one.node),
      h('section.box', { 'aria-labelledby': 'kept' }, h('h2', { id: 'kept' }, t('kept')), kept),
      h('ul.links', {}, link('#/history', t('history')), link('#/interests', t('interests')), link('#/leaving', t('leaving'))),
      h('div.stack', {}, button(t('export'), async () => save(await model.shop.exportData(), 'my-data.json')),
        button(t('export_receipts'), async () => save(await model.shop.exportReceipts(), 'my-receipts.json')),
        button(t('erase'), eraseAll, 'danger')),
      h('ul.links.narrow-only', {}, link('#/personas', t('persona_title')), link('#/merchant', t('merchant')), link('#/collector', t('collector'))), tourStart('narrow-only')),
  };
}

// -- history --

const SWIPED = 90;

function swipes(node, act) {
  let from = null;
  node.addEventListener('pointerdown', (event) => { if (!event.target.closest('button, a, input')) from = event.clientX; });
  node.addEventListener('pointermove', (event) => {
    if (from === null) return;
    const by = Math.min(0, event.clientX - from);
    if (by < -8 && !node.hasPointerCapture(event.pointerId)) node.setPointerCapture(event.pointerId);
    node.style.setProperty('--by', `${by}px`);
  });
  const end = (event) => {
    if (from === null) return;
    const far = event.type === 'pointerup' && from - event.clientX > SWIPED;
    from = null;
    node.style.setProperty('--by', '0px');
    if (far) act();
  };
  node.addEventListener('pointerup', end);
  node.addEventListener('pointercancel', end);
}

export async function history() {
  const list = h('ul.lines.history');
  const foot = h('div.stack');
  async function paint() {
    const entries = await model.shop.history(60);
    fill(list, entries.map((entry) => {
      const product = model.shop.product(entry.items[0] ?? '');
      const about = entry.items.length ? entry.items.map(model.title).join(', ') : model.name(entry.text ?? '');
      const forget = async () => {
        await model.shop.forget({ event: entry.event });
        model.say(t('deleted'));
        await model.refresh();
        await paint();
        (list.querySelector('button') ?? document.querySelector('h1')).focus();
      };
      const gift = h('input', { type: 'checkbox', id: `gift-${entry.event}`, 'aria-label': t('gift_of', { name: about }) });
      gift.checked = !entry.learned;
      gift.addEventListener('change', async () => { await model.shop.setGift({ event: entry.event }, gift.checked); await model.refresh(); await paint(); });
      const node = h('li', { 'data-event': entry.event }, product ? drawn(picture(product.picture)) : h('span.picture.none'),
        h('div', {}, h('span', {}, h('strong', {}, t(`action_${entry.action}`)), ` ${about}`), h('small', {}, moment(entry.time_ms)),
          product ? h('span.check', {}, gift, h('label', { for: `gift-${entry.event}` }, t('gift'))) : null),
        h('button.quiet.icon-only', { type: 'button', 'aria-label': t('delete_of', { name: about }), title: t('delete'), onclick: forget }, icon('bin')));
      swipes(node, forget);
      return node;
    }));
    fill(foot, entries.length === 0 ? h('p.empty', {}, t('history_empty')) : button(t('delete_all'), async () => {
      await model.shop.forget('everything');
      await model.refresh();
      await paint();
    }, 'danger'));
  }
  await paint();
  return { title: t('history'), back: '#/you', rails: [], node: h('div', {}, h('p.quiet-text', {}, t('history_hint')), list, foot) };
}

// -- interests --

export async function interests() {
  const list = h('ul.interests');
  async function paint() {
    const profile = await model.shop.profile();
    const set = Object.keys(profile.interests).filter((id) => !profile.categories.some(([one]) => one === id)).map((id) => [id, 0]);
    const all = [...profile.categories, ...set].slice(0, 16);
    fill(list, all.length === 0 ? h('li.empty', {}, t('interests_empty')) : all.map(([id, share]) => {
      const now = profile.interests[id] ?? 'neutral';
      const bar = h('span.bar');
      bar.style.inlineSize = `${Math.max(1, 100 * share)}%`;
      return h('li', { 'data-category': id }, h('span.text', { id: `interest-${id}` }, model.name(id)), h('span.amount', {}, percent(share)), h('span.track', { 'aria-hidden': 'true' }, bar),
        h('div.choices', { role: 'group', 'aria-labelledby': `interest-${id}` }, ['boost', 'neutral', 'mute'].map((to) =>
          h('button', { type: 'button', 'aria-pressed': String(now === to), onclick: async (event) => {
            await model.shop.setInterest(id, to);
            await model.refresh();
            const at = [...event.target.parentNode.children].indexOf(event.target);
            await paint();
            list.querySelector(`[data-category="${id}"] .choices`)?.children[at].focus();
          } }, t(to)))));
    }));
  }
  await paint();
  return { title: t('interests'), back: '#/you', rails: [], node: h('div', {}, h('p.quiet-text', {}, t('interests_text')), list) };
}

// -- what would leave --

const groups = (hex) => hex.match(/.{1,8}/g).map((four) => h('span', {}, four));

function reportBox(preview) {
  const [a, b] = preview.true_topic_odds;
  const [c, d] = preview.other_topic_odds;
  return h('div.report', { 'data-bytes': preview.report.bytes },
    h('h2', {}, t('topics')), h('ul.topics', {}, preview.topics.map(([, label]) => h('li', {}, model.topic(label)))),
    h('h2', {}, t('odds')), h('p', {}, t('odds_true', { a, b }), ', ', t('odds_other', { a: c, b: d }), '. ', t('odds_ratio', { ratio: preview.ratio })),
    h('h2', {}, t('the_bytes', { count: preview.report.bytes.length / 2 })), h('p.bytes', {}, h('code', {}, groups(preview.report.bytes))),
    h('p.quiet-text', {}, t('cost', { cost: preview.cost_units, left: preview.units_left })),
    h('details', {}, h('summary', {}, t('tour_says')), h('p', { lang: 'en' }, preview.plain_text)));
}

export async function leaving() {
  const node = h('div');
  async function paint() {
    const { level } = model.state;
    const parts = [];
    if (level === 'off' || level === 'session') {
      parts.push(h('p', {}, t('leaving_need')), button(t('turn_on'), async () => { if (await choose('on_device', 'leaving')) await paint(); }, 'primary'));
    } else if (level === 'on_device') {
      const preview = await model.shop.previewBeforeOptIn();
      parts.push(h('p', {}, t('leaving_rehearsal')), reportBox(preview), h('p.notice', {}, model.notice('shared')), button(t('opt_in'), async () => {
        const { receipt, is_as_shown } = await model.shop.optIn(model.consentTo('shared', 'leaving'));
        await paint();
        await sheet(t('receipt'), h('p', {}, t('receipt_text', { level: t(`level_${receipt.level}`), time: moment(receipt.time_ms) })),
          h('p', {}, t(is_as_shown === false ? 'not_as_shown' : 'as_shown')), h('p.bytes', {}, h('code', {}, groups(receipt.chain))));
      }, 'primary'));
    } else {
      const log = await model.shop.reportLog();
      const waits = log.some((entry) => entry.state === 'waiting' || entry.state === 'handed_over');
      if (waits) {
        parts.push(h('p', {}, t('leaving_waits')), reportBox(await model.shop.previewReport()), h('p.quiet-text', {}, t('send_text')), button(t('send'), async () => {
          try {
            await model.shop.advanceClockToReport();
            const sent = await model.shop.sendReport();
            model.say(sent ? t('sent', { count: sent.report.bytes.length / 2, status: sent.status }) : t('nothing_pending'));
          } catch (error) {
            model.say(t('plane_failed', { why: error.message }));
          }
          await paint();
        }, 'primary'));
      }
      parts.push(button(t('opt_out'), async () => { await model.setLevel('on_device', 'leaving'); await paint(); }));
    }
    const ahead = model.state.clock_ahead_ms;
    if (ahead > 0) parts.push(h('p.chip', {}, t('clock_ahead', { days: number(ahead / DAY_MS, 1) })));
    const log = await model.shop.reportLog();
    const receipts = await model.shop.receipts();
    parts.push(h('section.box', { 'aria-labelledby': 'log' }, h('h2', { id: 'log' }, t('log')), log.length === 0 ? h('p', {}, t('log_empty')) : h('ul.log', {}, log.map((entry) =>
      h('li', {}, h('strong', {}, t(`state_${entry.state}`)), ` ${moment(entry.epoch_start_ms).split(',')[0]}`, entry.bytes ? h('code', {}, groups(entry.bytes)) : null)))));
    if (receipts.length) {
      parts.push(h('section.box', { 'aria-labelledby': 'receipts' }, h('h2', { id: 'receipts' }, t('receipt')), h('ul.log', {}, receipts.map((receipt) =>
        h('li', {}, t('receipt_text', { level: t(`level_${receipt.level}`), time: moment(receipt.time_ms) }), h('code', {}, receipt.chain.slice(0, 16)))))));
    }
    fill(node, parts);
  }
  await paint();
  return { title: t('leaving'), back: '#/you', rails: [], node };
}

export const personasScreen = () => ({ title: t('persona_title'), back: '#/you', rails: [], node: personas() });
