// The shop's languages. In: keys. Out: sentences of the chosen language. A key that a table lacks is an error of ours and shows itself.

import en from '../i18n/en.js';
import de from '../i18n/de.js';
import fr from '../i18n/fr.js';

export const TABLES = { en, de, fr };
export const LANGUAGES = { en: 'English', de: 'Deutsch', fr: 'Français' };
const KEPT = 'shop-language';

const chosen = () => {
  const kept = localStorage.getItem(KEPT);
  if (Object.hasOwn(TABLES, kept ?? '')) return kept;
  return navigator.languages.map((one) => one.slice(0, 2)).find((one) => Object.hasOwn(TABLES, one)) ?? 'en';
};
export let language = chosen();

export function speak(next) {
  language = next;
  localStorage.setItem(KEPT, next);
  document.documentElement.lang = next;
}

/** The sentence of a key, with `{name}` filled in. */
export function t(key, values = {}) {
  const sentence = TABLES[language][key];
  if (sentence === undefined) throw new Error(`no words for ${key} in ${language}`);
  return sentence.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}

export const number = (value, digits = 0) =>
  new Intl.NumberFormat(language, { maximumFractionDigits: digits, minimumFractionDigits: digits }).format(value);
export const percent = (share, digits = 0) =>
  new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: digits, minimumFractionDigits: digits }).format(share);
export const money = (value, currency = 'EUR') => new Intl.NumberFormat(language, { style: 'currency', currency }).format(value);
export const moment = (ms) => new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' }).format(ms);
export const bytes = (count) => (count < 10_000 ? `${number(count)} B` : `${number(count / 1024, 1)} KiB`);
