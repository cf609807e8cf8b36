// What the console adds in a browser: times in the viewer's zone, keys, and live
// pages. Every page works without it. Text is only ever set as text.
(() => {
  'use strict';
  const body = document.body;
  const skew = Number(body.dataset.now || Date.now()) - Date.now();
  const now = () => Date.now() + skew;

  // Times: shown in the viewer's zone, exact in UTC on hover.
  const zoned = new Intl.DateTimeFormat(undefined, {year: 'numeric', month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit'});
  const precise = new Intl.DateTimeFormat(undefined, {dateStyle: 'full', timeStyle: 'long'});
  const span = (seconds) => {
    if (seconds < 120) return Math.floor(seconds) + ' s';
    if (seconds < 7200) return Math.floor(seconds / 60) + ' min';
    if (seconds < 172800) return Math.floor(seconds / 3600) + ' h ' + Math.floor(seconds % 3600 / 60) + ' min';
    return Math.floor(seconds / 86400) + ' days';
  };
  const tellTimes = (root) => {
    for (const element of root.querySelectorAll('time[datetime]')) {
      const at = new Date(element.getAttribute('datetime'));
      if (isNaN(at)) continue;
      if (!element.dataset.told) {
        element.dataset.told = 'yes';
        element.title = at.toISOString() + ' (' + precise.format(at) + ')';
        if (!('until' in element.dataset)) element.textContent = zoned.format(at);
      }
      if ('until' in element.dataset) {
        const left = (at - now()) / 1000;
        const text = left < 0 ? span(-left) + ' ago' : 'in ' + span(left);
        if (element.textContent !== text) element.textContent = text;
        if (element.dataset.until !== 'end') continue;
        element.classList.toggle('late', left < 0);
        element.classList.toggle('soon', left >= 0 && left < 900);
      }
    }
  };
  tellTimes(document);
  setInterval(() => tellTimes(document), 1000);
  document.addEventListener('htmx:after:swap', () => tellTimes(document));

  // A page that only leads on does so: the step is within the site, so the
  // browser brings the session along.
  const go = document.querySelector('a[data-go]');
  if (go) location.replace(go.href);
  const send = document.querySelector('form[data-send]');
  if (send) send.requestSubmit();
  const refusal = document.getElementById('refusal');
  if (refusal) refusal.scrollIntoView({block: 'nearest'});

  // Evidence that was opened from a card goes along with the decision: whoever
  // reviews decisions later sees what was looked at.
  const card = document.getElementById('card');
  if (card) {
    const key = 'opened ' + card.dataset.gamebook;
    let opened = [];
    try { opened = JSON.parse(sessionStorage.getItem(key)) || []; } catch { /* nothing is kept */ }
    const note = (id) => {
      if (!opened.includes(id)) opened.push(id);
      try { sessionStorage.setItem(key, JSON.stringify(opened)); } catch { /* for this page alone */ }
    };
    for (const type of ['click', 'auxclick']) card.addEventListener(type, (event) => {
      const link = event.target.closest('a[data-opens]');
      if (link) note(link.dataset.opens);
    });
    card.addEventListener('submit', (event) => {
      if (!event.target.querySelector('input[name=digest]')) return;
      for (const field of event.target.querySelectorAll('input[name=opened]')) field.remove();
      for (const id of opened.slice(0, 100)) {
        const field = document.createElement('input');
        field.type = 'hidden'; field.name = 'opened'; field.value = id;
        event.target.append(field);
      }
    });
  }

  // Keys. None of them works while something is being typed.
  let pending = '';
  const rows = () => [...document.querySelectorAll('[data-row]')];
  const move = (by) => {
    const all = rows();
    if (!all.length) return;
    let at = all.findIndex((row) => 'current' in row.dataset);
    if (at < 0) at = all.findIndex((row) => row.contains(document.activeElement)); // the list was drawn anew
    if (at >= 0) delete all[at].dataset.current;
    const next = all[Math.min(all.length - 1, Math.max(0, at + by))];
    next.dataset.current = 'yes';
    next.scrollIntoView({block: 'nearest'});
    const link = next.querySelector('a[href]');
    if (link) link.focus({preventScroll: true});
  };
  document.addEventListener('keydown', (event) => {
    const typing = event.target.closest && event.target.closest('input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]');
    if (event.key === 'Escape') {
      for (const open of document.querySelectorAll('details.menu[open]')) open.open = false;
      if (typing) typing.blur();
    }
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (pending === 'g') {
      pending = '';
      const link = document.querySelector('nav.side a[data-key="' + CSS.escape(event.key) + '"]');
      if (link) { event.preventDefault(); link.click(); }
      return;
    }
    switch (event.key) {
      case 'g': pending = 'g'; setTimeout(() => { pending = ''; }, 1500); break;
      case 'j': move(1); break;
      case 'k': move(-1); break;
      case '/': {
        const search = document.querySelector('main input[type=search], form.filter select, form.filter input');
        if (search) { event.preventDefault(); search.focus(); }
        break;
      }
      case '?': {
        const keys = document.getElementById('keys');
        if (keys && !keys.open) keys.showModal();
        break;
      }
    }
  });
  document.addEventListener('click', (event) => {
    for (const open of document.querySelectorAll('details.menu[open]')) if (!open.contains(event.target)) open.open = false;
  });

  // Filters apply by themselves; the list is fetched anew and the address follows,
  // so that it can be kept and sent.
  const apply = (form) => {
    const query = new URLSearchParams();
    for (const [name, value] of new FormData(form)) if (value !== '') query.append(name, value);
    const address = form.getAttribute('action') + (query.size ? '?' + query : '');
    history.replaceState(null, '', address);
    htmx.ajax('GET', address, {source: form, target: form.dataset.filter, select: form.dataset.filter, swap: 'outerMorph'});
  };
  let typed = null;
  document.addEventListener('change', (event) => {
    const form = event.target.closest('form[data-filter]');
    if (form && event.target.type !== 'search') apply(form);
  });
  document.addEventListener('input', (event) => {
    const form = event.target.closest('form[data-filter]');
    if (!form || event.target.type !== 'search') return;
    clearTimeout(typed);
    typed = setTimeout(() => apply(form), 300);
  });

  // Live: one stream for the page, closed while nobody looks, resumed where it
  // broke. What it says is only that something happened; the page fetches what
  // it shows with the viewer's own rights.
  const state = document.getElementById('live');
  let seq = body.dataset.seq, stream = null, waiting = null, delay = 2000, ended = false;
  const say = (text, link) => {
    state.textContent = text;
    if (!link) return;
    const a = document.createElement('a');
    a.href = location.href; a.textContent = link;
    state.append(a);
  };
  const wants = (element, message) => message.all || element.dataset.live.split(' ').some((topic) => message.topics.includes(topic));
  const fetchAgain = (element) => {
    if (element.contains(document.activeElement) && document.activeElement.matches('input:not([type=checkbox]), textarea, select')) {
      say('This page has changed.', 'Show it again');
      return;
    }
    htmx.ajax('GET', location.pathname + location.search, {
      source: element, target: element, select: '#' + CSS.escape(element.id), swap: 'outerMorph', headers: {'Vedette-Live': '1'},
    });
  };
  const hear = (event) => {
    seq = event.lastEventId;
    delay = 2000;
    const message = JSON.parse(event.data);
    const killed = message.topics.includes('kill');
    if (killed && !document.querySelector('[data-live~="kill"]')) say('The kill switch was moved.', 'Show it');
    const due = [...document.querySelectorAll('[data-live]')].filter((element) => wants(element, message));
    for (const element of due) {
      if (element.dataset.liveMode === 'notice') say('This has changed since you opened it.', 'Show it again');
      else if (element.id) fetchAgain(element);
    }
  };
  const connect = () => {
    if (stream || ended || document.hidden || !seq) return;
    stream = new EventSource('/console/events?workspace=' + encodeURIComponent(body.dataset.workspace || '') + '&after=' + encodeURIComponent(seq));
    stream.addEventListener('change', hear);
    stream.addEventListener('end', () => { ended = true; close(); say('Your session has ended.', 'Sign in'); });
    stream.onopen = () => { delay = 2000; body.dataset.streaming = 'yes'; };
    stream.onerror = () => {
      if (stream && stream.readyState !== EventSource.CLOSED) return; // it tries by itself
      close();
      delay = Math.min(delay * 2, 60000);
      clearTimeout(waiting);
      waiting = setTimeout(connect, delay);
    };
  };
  const close = () => { if (stream) stream.close(); stream = null; delete body.dataset.streaming; };
  document.addEventListener('visibilitychange', () => { if (document.hidden) close(); else connect(); });
  addEventListener('pagehide', close);
  addEventListener('pageshow', connect);
  connect();
})();
