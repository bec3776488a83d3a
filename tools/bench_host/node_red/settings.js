// No editor, nothing fetched while it runs: a flow and its log.
module.exports = {
    uiHost: "127.0.0.1",
    httpAdminRoot: false,
    telemetry: { enabled: false },
    externalModules: { autoInstall: false, palette: { allowInstall: false } },
    logging: { console: { level: "error", metrics: false, audit: false } },
};
