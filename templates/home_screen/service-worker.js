"use strict";
// Keeps what is nobody's: the files below, and one page for when there is no connection. All else, and with it all
// that is personal, goes over the network as if this script were not here, and is kept nowhere.
const CACHE = "direktdraht-{{ version }}";
const OFFLINE = {{ offline|safe }};
const FILES = {{ files|safe }};

async function keep() {
  const cache = await caches.open(CACHE);
  // Without cookies: nobody's page can be kept by mistake.
  await cache.addAll([OFFLINE, ...FILES].map((url) => new Request(url, { credentials: "omit", cache: "no-cache" })));
}

async function takeOver() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith("direktdraht-") && name !== CACHE).map((name) => caches.delete(name)));
  await self.registration.navigationPreload?.enable();
  await self.clients.claim();
}

async function kept(url) {
  const cache = await caches.open(CACHE);
  return (await cache.match(url)) || Response.error();
}

async function visit(event) {
  try {
    return (await event.preloadResponse) || (await fetch(event.request));
  } catch {
    return kept(OFFLINE);
  }
}

async function load(request) {
  try {
    return await fetch(request);
  } catch {
    return kept(request.url);
  }
}

// A new version serves at once: pages of any version get on with it.
self.addEventListener("install", (event) => event.waitUntil(keep().then(() => self.skipWaiting())));
self.addEventListener("activate", (event) => event.waitUntil(takeOver()));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET") return;
  const url = new URL(request.url);
  if (request.mode === "navigate") event.respondWith(visit(event));
  else if (url.origin === self.location.origin && FILES.includes(url.pathname)) event.respondWith(load(request));
});
