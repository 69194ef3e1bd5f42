// No inline script: the page's Content-Security-Policy allows none.
const place = document.getElementById("redoc");

Redoc.init(place.dataset.schema, { hideDownloadButton: false, expandResponses: "200,201" }, place);
