"use strict";

// The token given with "Authorize": the page forgets it with each document it loads, but both
// documents are the same caller's. It is kept nowhere else.
let token = "";
const rememberToken = {
  statePlugins: {
    auth: {
      wrapActions: {
        authorize: (original) => (given) => {
          token = given.bearer?.value ?? token;
          return original(given);
        },
        logout: (original) => (names) => {
          token = "";
          return original(names);
        },
      },
    },
  },
};

// Two documents: the REST routes, and one that has the caller's tools as operations.
SwaggerUIBundle({
  dom_id: "#docs",
  urls: [
    { name: "MCP API", url: "/openapi.json" },
    { name: "Your tools", url: "/tools/openapi.json" },
  ],
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
  plugins: [rememberToken],
  layout: "StandaloneLayout",
  deepLinking: true,
  displayRequestDuration: true,
  tryItOutEnabled: true,
  validatorUrl: null, // nothing is sent elsewhere
  requestInterceptor: (request) => {
    if (token) request.headers.Authorization ??= `Bearer ${token}`;
    return request;
  },
});
