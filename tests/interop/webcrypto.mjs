// Node 18 has Web Crypto, but not among its globals, where the libraries look for it. Import this before them.
import { webcrypto } from "node:crypto";

globalThis.crypto ??= webcrypto;
globalThis.CryptoKey ??= webcrypto.CryptoKey;
