// Stands between this page and the network. Keeps the shop's files so that it opens without one, and refuses every request while the
// aeroplane switch is on. What is posted, and what the collector tells, is never kept.

const FILES = 'shop-files';
const SWITCH = 'shop-aeroplane';
const FLAG = '/aeroplane';
const FIRST = [
  './', 'style/base.css', 'style/shop.css', 'style/panels.css', 'engine.js', 'worker.js', 'store.js', 'pkg/tastekeeper_shop_engine.js', 'pkg/tastekeeper_shop_engine_bg.wasm',
  ...['dom', 'main', 'mine', 'model', 'panels', 'picture', 'rails', 'screens', 'sheet', 'tour', 'why', 'words'].map((name) => `app/${name}.js`),
  ...['en', 'de', 'fr'].map((name) => `i18n/${name}.js`),
  ...['shop.pub', 'vocabulary.txt', 'vocabulary.txt.minisig', 'catalog.json', 'personas.json', 'spring.tkpack', 'autumn.tkpack'].map((name) => `data/${name}`),
];

let aeroplane = null;
async function isAeroplane() {
  // a service worker may be stopped and started between two requests
  aeroplane ??= Boolean(await (await caches.open(SWITCH)).match(FLAG));
  return aeroplane;
}

self.addEventListener('install', (event) => {
  event.waitUntil(caches.open(FILES).then((files) => files.addAll(FIRST)).then(() => self.skipWaiting()));
});
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));

self.addEventListener('message', (event) => {
  event.waitUntil((async () => {
    aeroplane = event.data.aeroplane === true;
    const kept = await caches.open(SWITCH);
    if (aeroplane) await kept.put(FLAG, new Response('on'));
    else await kept.delete(FLAG);
    event.ports[0]?.postMessage('done');
  })());
});

const isFile = (request) => request.method === 'GET' && !/^\/(v1|demo)\//.test(new URL(request.url).pathname);

async function answer(request) {
  if (!isFile(request)) return (await isAeroplane()) ? Response.error() : fetch(request);
  const files = await caches.open(FILES);
  const kept = () => files.match(request, { ignoreSearch: true });
  if (await isAeroplane()) return (await kept()) ?? Response.error();
  try {
    const fresh = await fetch(request);
    if (fresh.ok) await files.put(request.url.split(/[?#]/)[0], fresh.clone());
    return fresh;
  } catch (error) {
    return (await kept()) ?? Response.error();
  }
}

self.addEventListener('fetch', (event) => {
  if (new URL(event.request.url).origin === self.location.origin) event.respondWith(answer(event.request));
  else event.respondWith(Response.error());
});
