import { preact } from '@preact/preset-vite';
import tailwindcss from '@tailwindcss/vite';
import { defineConfig } from 'vite';

export default defineConfig({
  plugins: [preact(), tailwindcss()],
  // The page's CSP forbids inline and data: scripts, and every supported browser preloads modules by itself.
  build: { modulePreload: { polyfill: false } },
});
