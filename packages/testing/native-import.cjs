// Node's own import(). A test runner rewrites that of the modules it loads, and would load a bundled job its own way; what
// `require` loads it leaves alone.
module.exports = (url) => import(url);
