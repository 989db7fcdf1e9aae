// @ts-check
// The page's side of the engine: every call of the worker as a promise. engine.d.ts says what each does.

export class ShopError extends Error {
  /** @param {string} code @param {string} message */
  constructor(code, message) {
    super(message);
    this.name = "ShopError";
    this.code = code;
  }
}

const KEPT_CALLS = 100;
/** Calls after which the state is as it was. */
const LOOKING = new Set([
  "level", "receipts", "exportReceipts", "recommendNext", "rerank", "recommendCategories", "explain", "history", "profile", "exportData",
  "previewBeforeOptIn", "reportLog", "doctor", "close", "state",
]);

class Shop extends EventTarget {
  #worker;
  #waiting = new Map();
  #next = 1;
  #products = new Map();
  #boosts = new Map();
  /** @type {any} */
  catalog = null;
  /** @type {any[]} */
  personas = [];
  /** @type {any[]} */
  calls = [];

  constructor() {
    super();
    this.#worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module", name: "tastekeeper" });
    this.#worker.onmessage = ({ data }) => this.#answered(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      const error = new ShopError("Worker", event.message || "the worker could not be started");
      for (const { reject } of this.#waiting.values()) reject(error);
      this.#waiting.clear();
    };
  }

  #answered({ id, value, error, calls = [], state }) {
    const { name, resolve, reject } = this.#waiting.get(id);
    this.#waiting.delete(id);
    for (const detail of calls) {
      this.calls.unshift(detail);
      this.dispatchEvent(new CustomEvent("call", { detail }));
    }
    this.calls.length = Math.min(this.calls.length, KEPT_CALLS);
    if (state && !LOOKING.has(name)) this.dispatchEvent(new CustomEvent("state", { detail: state }));
    if (error) reject(new ShopError(error.code, error.message));
    else resolve({ value, state });
  }

  #send(name, given) {
    return new Promise((resolve, reject) => {
      const id = this.#next;
      this.#next += 1;
      this.#waiting.set(id, { name, resolve, reject });
      this.#worker.postMessage({ id, name, arguments: given });
    });
  }

  #value = async (name, given) => (await this.#send(name, given)).value;
  #state = async (name, given) => (await this.#send(name, given)).state;

  async open(options) {
    const { catalog, personas } = await this.#value("open", { ...options });
    this.catalog = catalog;
    this.personas = personas;
    for (const product of catalog.products) this.#products.set(product.id, product);
    return this;
  }

  product(id) {
    return this.#products.get(id);
  }

  get brandBoosts() {
    return Object.fromEntries(this.#boosts);
  }

  state = () => this.#value("state");
  level = () => this.#value("level");
  setLevel = (level, consent = {}) => this.#state("setLevel", { level, consent });
  receipts = () => this.#value("receipts");
  exportReceipts = () => this.#value("exportReceipts");
  setPrivateSession = (on) => this.#state("setPrivateSession", { on });
  pause = (on) => this.#state("pause", { on });
  track = (event) => this.#value("track", { event });
  trackAll = (events) => this.#value("trackAll", { events });

  recommend = (request) => {
    const boosts = [...this.#boosts].map(([brand, weight]) => ({ filter: { brand: [brand] }, weight }));
    const all = [...(request.boosts ?? []), ...boosts];
    return this.#value("recommend", { request: all.length > 0 ? { ...request, boosts: all } : request });
  };

  recommendNext = (recommendation_id, count) => this.#value("recommendNext", { recommendation_id, count });
  rerank = (item_ids, context) => this.#value("rerank", { item_ids, context });
  recommendCategories = (count) => this.#value("recommendCategories", { count });
  explain = (recommendation_id, item_id) => this.#value("explain", { recommendation_id, item_id });
  history = (limit, before_ms) => this.#value("history", { limit, before_ms });
  forget = (scope) => this.#value("forget", { scope });
  setGift = (scope, on) => this.#value("setGift", { scope, on });
  profile = () => this.#value("profile");
  setInterest = (category, interest) => this.#state("setInterest", { category, interest });
  exportData = () => this.#value("exportData");
  eraseEverything = () => this.#value("eraseEverything");
  previewBeforeOptIn = () => this.#value("previewBeforeOptIn");
  optIn = (consent = {}) => this.#value("optIn", { consent });
  previewReport = () => this.#value("previewReport");
  reportLog = () => this.#value("reportLog");
  pendingReport = () => this.#value("pendingReport");
  sendReport = () => this.#value("sendReport");
  advanceClock = (milliseconds) => this.#state("advanceClock", { milliseconds });
  advanceClockToReport = () => this.#value("advanceClockToReport");
  becomePersona = (id) => this.#value("becomePersona", { id });

  patchItems = async (patches) => {
    const state = await this.#state("patchItems", { patches });
    for (const { id, price, availability } of patches) {
      const product = this.#products.get(id);
      if (product && price !== undefined) product.price = price;
      if (product && availability !== undefined) product.in_stock = availability === "in_stock";
    }
    return state;
  };

  setBrandBoost = async (brand, weight) => {
    if (weight === 0) this.#boosts.delete(brand);
    else this.#boosts.set(brand, weight);
  };

  loadPack = (name) => this.#value("loadPack", { name });
  loadSpoiltPack = () => this.#value("loadSpoiltPack");
  setOffline = (on) => this.#state("setOffline", { on });
  doctor = () => this.#value("doctor");
  call = (step) => this.#value("call", { step });

  async close() {
    await this.#value("close");
    this.#worker.terminate();
  }
}

export async function openShop(options = {}) {
  const shop = new Shop();
  return shop.open(options);
}
