// "Why this?": the parts of a score as bars. In: an answer and an item of it. Out: a sheet; its numbers are the engine's.

import { h } from './dom.js';
import { sheet } from './sheet.js';
import * as model from './model.js';
import { number, t } from './words.js';

/** Bars of their own; what is smaller is added up. */
const BARS = 7;

/** The explanation of an item of an answer, with its sum. */
export async function explained(answer, item) {
  const explanation = await model.shop.explain(answer.recommendation_id, item);
  return { ...explanation, sum: explanation.parts.reduce((sum, part) => sum + part.amount, 0) };
}

export async function explain(answer, item) {
  const { score, parts, sum } = await explained(answer, item);
  const ranked = [...parts].sort((a, b) => Math.abs(b.amount) - Math.abs(a.amount));
  const rest = ranked.slice(BARS);
  const lines = ranked.slice(0, BARS).map(({ reason, via, amount }) => ({
    text: reason ? model.because(reason) : t('reason_none'), via: t(`via_${via}`), amount,
  }));
  if (rest.length) {
    lines.push({ text: t('rest_parts', { count: rest.length }), via: '', amount: rest.reduce((all, part) => all + part.amount, 0) });
  }
  const most = Math.max(...lines.map((line) => Math.abs(line.amount)), Number.MIN_VALUE);
  return sheet(t('why_of', { name: model.title(item) }),
    h('ul.parts', { 'data-score': score, 'data-sum': sum }, lines.map(({ text, via, amount }) => {
      const bar = h('span.bar', { 'aria-hidden': 'true' });
      bar.style.inlineSize = `${(100 * Math.abs(amount)) / most}%`;
      if (amount < 0) bar.classList.add('against');
      return h('li', {}, h('span.text', {}, text, via && h('small', {}, ` · ${via}`)), h('span.amount', {}, number(amount, 4)), h('span.track', {}, bar));
    })),
    h('p.sum', {}, t('adds_up', { sum: number(sum, 6), score: number(score, 6) })));
}
