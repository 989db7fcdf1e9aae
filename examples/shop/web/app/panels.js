// Beside the phone: whose phone it is, the merchant, the collector. In: answers of engine and collector. Out: panels.

import { button, drawn, fill, h } from './dom.js';
import { ask } from './sheet.js';
import * as model from './model.js';
import { bytes, language, number, percent, t } from './words.js';
import { picture } from './picture.js';
import { seen } from './rails.js';

// -- whose phone --

export function personas() {
  const list = h('ul.personas', {}, model.shop.personas.map((persona) => {
    const product = model.shop.product(persona.events.at(-1)?.item_id ?? '');
    return h('li', {}, h('button', { type: 'button', 'data-persona': persona.id, onclick: () => borrow(persona) },
      product ? drawn(picture(product.picture)) : null, h('span', {}, h('strong', {}, persona.name), h('small', {}, persona.about[language]))));
  }));
  const paint = () => list.querySelectorAll('button').forEach((node) => node.setAttribute('aria-pressed', String(node.dataset.persona === model.state.persona)));
  paint();
  model.news.addEventListener('state', paint);
  return h('section', { 'aria-labelledby': 'personas' }, h('h2', { id: 'personas' }, t('persona_title')), h('p', {}, t('persona_text')), list);
}

async function borrow(persona) {
  if (model.state.level === 'off') {
    if (!(await ask(t('agree_title'), model.notice('on_device')))) return;
    await model.setLevel('on_device', 'persona');
  }
  const count = await model.become(persona.id);
  location.hash = '#/';
  model.say(t('persona_kept', { name: persona.name, count: number(count) }));
}

// -- the merchant --

export function merchant() {
  const { shop } = model;
  const pick = h('select', { id: 'product' });
  const stock = h('input', { type: 'checkbox', role: 'switch', id: 'stock' });
  const price = h('input', { type: 'number', id: 'price', min: '0.01', step: '0.01', inputmode: 'decimal' });
  const brand = h('select', { id: 'brand' }, shop.catalog.brands.map((one) => h('option', {}, one.name)));
  const weight = h('input', { type: 'range', id: 'weight', min: '0', max: '4', step: '0.5', value: '0' });
  const told = h('output', { for: 'weight' });
  const packs = ['spring', 'autumn'].map((name) => button(t(`pack_${name}`), async () => { await shop.loadPack(name); model.say(t('pack_swapped')); await model.refresh(); }));
  const info = h('p.quiet-text');
  const said = h('p.quiet-text', { role: 'status' });

  function offer() {
    const ids = new Set([...seen].reverse());
    if (pick.value) ids.add(pick.value);
    if (document.activeElement === pick) return;
    const before = pick.value;
    fill(pick, [...ids].map((id) => h('option', { value: id }, model.title(id))));
    if (before) pick.value = before;
    show();
  }
  let patching = 0;
  /** What the merchant changed stays as they set it until the engine has it. */
  async function patch(change) {
    patching += 1;
    await shop.patchItems([{ id: pick.value, ...change }]).finally(() => { patching -= 1; });
    show();
    await model.refresh();
  }
  function show() {
    const product = shop.product(pick.value);
    if (patching > 0) return;
    stock.disabled = price.disabled = !product;
    if (!product) return;
    stock.checked = product.in_stock;
    if (document.activeElement !== price) price.value = product.price.toFixed(2);
  }
  const boosted = () => { told.textContent = Number(weight.value) ? `e^${weight.value} × ` : t('boost_none'); };
  function paint() {
    const { pack } = model.state;
    packs.forEach((node, at) => node.setAttribute('aria-pressed', String(pack?.name === ['spring', 'autumn'][at])));
    fill(info, pack ? t('pack_info', { items: number(pack.items), bytes: bytes(pack.file_bytes), key: pack.key_id }) : '');
  }
  pick.addEventListener('change', show);
  stock.addEventListener('change', () => patch({ availability: stock.checked ? 'in_stock' : 'out_of_stock' }));
  price.addEventListener('change', () => price.validity.valid && price.value !== '' && patch({ price: Number(price.value) }));
  brand.addEventListener('change', () => { weight.value = shop.brandBoosts[brand.value] ?? 0; boosted(); });
  weight.addEventListener('input', async () => {
    boosted();
    await shop.setBrandBoost(brand.value, Number(weight.value));
    await model.refresh();
  });
  boosted();
  offer();
  paint();
  // after the rows, not in between
  let offering;
  model.news.addEventListener('shown', () => { clearTimeout(offering); offering = setTimeout(offer, 100); });
  model.news.addEventListener('state', paint);
  return h('section', { 'aria-labelledby': 'merchant' }, h('h2', { id: 'merchant' }, t('merchant')), h('p', {}, t('merchant_text')),
    h('div.field', {}, h('label', { for: 'product' }, t('product')), pick),
    h('div.field.inline', {}, h('label', { for: 'stock' }, t('in_stock')), stock),
    h('div.field.inline', {}, h('label', { for: 'price' }, `${t('price')} (€)`), price),
    h('div.field', {}, h('label', { for: 'brand' }, t('brand')), brand),
    h('div.field', {}, h('label', { for: 'weight' }, t('boost_weight'), ' ', told), weight),
    h('div.field', { role: 'group', 'aria-labelledby': 'packs' }, h('span.label', { id: 'packs' }, t('pack')), h('div.row', {}, packs,
      button(t('pack_spoilt'), async () => {
        try {
          await shop.loadSpoiltPack();
        } catch (error) {
          fill(said, t('pack_refused', { code: error.code }));
        }
      })), info, said));
}

// -- the collector --

const PHONES = 2000;
const json = async (path, options) => {
  const answer = await fetch(path, { cache: 'no-store', ...options });
  if (!answer.ok && answer.status !== 409) throw new Error(String(answer.status));
  return answer.headers.get('content-type')?.includes('json') ? answer.json() : null;
};

/** A bar with its interval and a dot for the truth, in per cent of the widest. */
function bars(topic, truth, low, high) {
  const x = (share) => (200 * (share - low)) / (high - low);
  const at = (share) => x(share).toFixed(1);
  return drawn(`<svg class="demand" viewBox="-2 0 204 16" preserveAspectRatio="none" aria-hidden="true" focusable="false">`
    + `<path class="axis" d="M${at(0)} 0V16"/><rect x="${at(Math.min(0, topic.share))}" y="3" width="${(x(Math.abs(topic.share)) - x(0)).toFixed(1)}" height="10"/>`
    + `<path class="range" d="M${at(topic.low)} 8H${at(topic.high)}M${at(topic.low)} 5V11M${at(topic.high)} 5V11"/>`
    + (truth === undefined ? '' : `<path class="truth" d="M${at(truth)} 8h.01"/>`) + '</svg>');
}

export function collector() {
  const node = h('div.collector', { 'aria-live': 'polite', 'aria-busy': 'true' });
  const start = button(t('crowd', { count: number(PHONES) }), async () => {
    start.disabled = true;
    try {
      await json('/demo/crowd', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ phones: PHONES }) });
      await poll();
    } catch {
      start.disabled = false;
      fill(node, h('p', {}, t('crowd_away')));
    }
  }, 'primary');
  const section = h('section', { 'aria-labelledby': 'collector' }, h('h2', { id: 'collector' }, t('collector')), h('p', {}, t('collector_text')), h('div.row', {}, start), node);

  async function poll() {
    let crowd;
    do {
      crowd = await paint();
      if (crowd?.is_running) await new Promise((resolve) => setTimeout(resolve, 700));
    } while (crowd?.is_running && section.isConnected);
    start.disabled = false;
  }

  async function paint() {
    let estimates;
    let crowd;
    try {
      [estimates, crowd] = await Promise.all([json('/v1/estimates'), json('/demo/crowd')]);
    } catch {
      fill(node, h('p', {}, t('crowd_away')));
      return null;
    }
    const demand = estimates.vocabularies[0];
    const epoch = demand?.epochs.at(-1);
    const progress = crowd.is_running ? h('p', {}, t('crowd_running', { done: number(crowd.reported), all: number(crowd.wanted) })) : null;
    if (!epoch || epoch.withheld) {
      fill(node, progress, h('p', {}, t('crowd_none', { reports: number(epoch?.reports ?? 0), minimum: number(demand?.minimum_cohort ?? 0) })), singles(crowd));
    } else {
      fill(node, progress, h('p', {}, t('crowd_reports', { reports: number(epoch.reports), from: epoch.from, to: epoch.to })), sums(demand, epoch, crowd), singles(crowd));
    }
    node.setAttribute('aria-busy', String(crowd.is_running));
    return crowd;
  }
  section.ready = poll();
  return section;
}

function sums(demand, epoch, crowd) {
  const truth = new Map(crowd.truth.map((one) => [one.topic, one.share]));
  const topics = epoch.topics.filter((one) => one.topic !== 0).sort((a, b) => b.share - a.share);
  const label = (topic) => model.topic(demand.topics.find((one) => one.topic === topic)?.label);
  const low = Math.min(0, ...topics.map((one) => one.low));
  const high = Math.max(0.01, ...topics.map((one) => one.high), ...truth.values());
  const known = topics.filter((one) => truth.has(one.topic));
  const hit = known.filter((one) => one.low <= truth.get(one.topic) && truth.get(one.topic) <= one.high).length;
  return h('div', {}, h('h3', {}, t('sum')), known.length ? h('p', { 'data-hit': hit }, t('sum_text', { hit: number(hit), all: number(known.length) })) : null,
    h('table.demands', {}, h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, t('topic')), h('th', { scope: 'col' }, t('estimate')), h('th', { scope: 'col' }, t('interval')))),
      h('tbody', {}, topics.map((one) => h('tr', { 'data-topic': one.topic }, h('th', { scope: 'row' }, label(one.topic)), h('td', {}, percent(one.share, 1)),
        h('td', {}, bars(one, truth.get(one.topic), low, high), h('small', {}, `${percent(one.low, 1)} – ${percent(one.high, 1)}`)))))));
}

function singles(crowd) {
  if (crowd.examples.length === 0) return null;
  const names = (topics) => [...new Set(topics.map(([, label]) => model.topic(label)))].join(', ');
  const hits = crowd.examples.filter((one) => one.topics.some(([topic]) => one.true_topics.some(([other]) => other === topic))).length;
  return h('div', {}, h('h3', {}, t('single')), h('p', {}, t('single_text', { all: crowd.examples.length, hit: hits })),
    h('ul.singles', {}, crowd.examples.slice(0, 5).map((one) => h('li', {}, h('code', {}, one.bytes), h('span', {}, `${t('single_named')}: ${names(one.topics)}`),
      h('span', {}, `${t('single_true')}: ${names(one.true_topics)}`)))));
}

export const panelScreen = (make, heading) => {
  const node = make();
  return { title: heading, back: '#/you', rails: [], node, ready: node.ready };
};
