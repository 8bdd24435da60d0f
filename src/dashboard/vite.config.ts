import { preact } from '@preact/preset-vite';
import tailwindcss from '@tailwindcss/vite';
import { defineConfig } from 'vite';

export default defineConfig({
  plugins: [preact(), tailwindcss()],
  // The page's policy allows neither inline scripts nor data: scripts, and every browser it supports preloads modules.
  build: { modulePreload: { polyfill: false } },
});
