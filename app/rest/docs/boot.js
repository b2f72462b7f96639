"use strict";

// Two documents: the REST routes, and one that has the caller's tools as operations.
window.ui = SwaggerUIBundle({
  dom_id: "#docs",
  urls: [
    { name: "MCP API", url: "/openapi.json" },
    { name: "Your tools", url: "/tools/openapi.json" },
  ],
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
  layout: "StandaloneLayout",
  deepLinking: true,
  displayRequestDuration: true,
  tryItOutEnabled: true,
  persistAuthorization: false, // a token is not kept in the browser
  validatorUrl: null, // nothing is sent elsewhere
});
