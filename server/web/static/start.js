// Starts the viewer of the API documents. The validator badge would call a server elsewhere: it stays off.
window.SwaggerUIBundle({
  urls: [
    { url: "/openapi.json", name: "Staff" },
    { url: "/mobile/openapi.json", name: "Technicians" },
  ],
  dom_id: "#viewer",
  deepLinking: true,
  validatorUrl: null,
  persistAuthorization: false,
  presets: [window.SwaggerUIBundle.presets.apis, window.SwaggerUIStandalonePreset],
  layout: "StandaloneLayout",
});
