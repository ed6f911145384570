import assert from "node:assert/strict";
import { test } from "node:test";
import { TlsKinds } from "../../../src/report/series/tls-kinds.ts";

const aes = { version: "TLS 1.3", cipher: "TLS_AES_128_GCM_SHA256" };

test("numberOf() gives a pair of version and cipher one number for ever", () => {
  const kinds = new TlsKinds();
  const first = kinds.numberOf(aes);
  const second = kinds.numberOf({ ...aes, version: "TLS 1.2" });
  assert.notEqual(first, second);
  assert.equal(kinds.numberOf({ ...aes }), first);
  assert.equal(kinds.text(first), 'version="TLS 1.3",cipher="TLS_AES_128_GCM_SHA256"');
});

test("numberOf() of no TLS is no number, and has no text", () => {
  const kinds = new TlsKinds();
  assert.equal(kinds.numberOf(undefined), Number.NaN);
  assert.equal(kinds.text(Number.NaN), undefined);
});

test("numberOf() keeps no more pairs than a bound, and goes on telling those it has", () => {
  const kinds = new TlsKinds();
  for (let number = 0; number < 1024; number += 1) {
    assert.equal(kinds.numberOf({ ...aes, cipher: `cipher ${number}` }), number);
  }
  assert.equal(kinds.numberOf({ ...aes, cipher: "one more" }), Number.NaN);
  assert.equal(kinds.numberOf({ ...aes, cipher: "cipher 7" }), 7);
});
