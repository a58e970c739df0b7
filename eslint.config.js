import js from "@eslint/js";
import globals from "globals";

/** Ways from a text to running code; the page takes none of them. */
const unsafe = ["innerHTML", "outerHTML", "srcdoc"].map((property) => ({
  property,
  message: "Texts stay texts: use h() of dom.js.",
}));

export default [
  js.configs.recommended,
  {
    files: ["web/**/*.js"],
    languageOptions: { ecmaVersion: 2023, sourceType: "module", globals: globals.browser },
    rules: {
      curly: ["error", "multi-line"],
      eqeqeq: "error",
      "max-lines": ["error", 300],
      "no-eval": "error",
      "no-implied-eval": "error",
      "no-new-func": "error",
      "no-restricted-globals": ["error", "fetch", "XMLHttpRequest", "WebSocket", "localStorage"],
      "no-restricted-properties": [
        "error",
        ...unsafe,
        { property: "insertAdjacentHTML", message: "Texts stay texts: use h() of dom.js." },
        { object: "document", property: "write", message: "Texts stay texts." },
      ],
      "no-shadow": "error",
      "no-var": "error",
      "prefer-const": "error",
    },
  },
];
