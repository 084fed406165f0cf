/// <reference types="vite/client" />

// Vuetify's style sheets have no types of their own.
declare module 'vuetify/styles'
declare module '@fontsource-variable/inter'
