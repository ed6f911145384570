/** The symbols of each code length, in order; a pair is a range. RFC 7541 appendix B; 256 is the end. */
const SYMBOLS_BY_LENGTH: readonly (readonly [
  bits: number,
  symbols: readonly (number | readonly [first: number, last: number])[],
])[] = [
  [5, [[48, 50], 97, 99, 101, 105, 111, [115, 116]]],
  [6, [32, 37, [45, 47], [51, 57], 61, 65, 95, 98, 100, [102, 104], [108, 110], 112, 114, 117]],
  [7, [58, [66, 87], 89, [106, 107], 113, [118, 122]]],
  [8, [38, 42, 44, 59, 88, 90]],
  [10, [33, 34, 40, 41, 63]],
  [11, [39, 43, 124]],
  [12, [35, 62]],
  [13, [0, 36, 64, 91, 93, 126]],
  [14, [94, 125]],
  [15, [60, 96, 123]],
  [19, [92, 195, 208]],
  [20, [128, 130, 131, 162, 184, 194, 224, 226]],
  [21, [153, 161, 167, 172, 176, 177, 179, 209, 216, 217, 227, 229, 230]],
  [
    22,
    [
      129, 132, 133, 134, 136, 146, 154, 156, 160, 163, 164, 169, 170, 173, 178, 181, 185, 186, 187,
      189, 190, 196, 198, 228, 232, 233,
    ],
  ],
  [
    23,
    [
      1,
      135,
      [137, 141],
      143,
      147,
      [149, 152],
      155,
      157,
      158,
      165,
      166,
      168,
      174,
      175,
      180,
      182,
      183,
      188,
      191,
      197,
      231,
      239,
    ],
  ],
  [24, [9, 142, 144, 145, 148, 159, 171, 206, 215, 225, 236, 237]],
  [25, [199, 207, 234, 235]],
  [26, [192, 193, 200, 201, 202, 205, 210, 213, 218, 219, 238, 240, 242, 243, 255]],
  [27, [203, 204, 211, 212, 214, 221, 222, 223, 241, [244, 248], [250, 254]]],
  [28, [[2, 8], 11, 12, [14, 21], [23, 31], 127, 220, 249]],
  [30, [10, 13, 22, 256]],
];
const END_OF_STRING = 256;
const MAX_PADDING_BITS = 7;

/**
 * The code as a binary tree in one array: at 2·node + bit stands the next node, or −1 − symbol.
 *
 * The code is canonical, so lengths alone give it: codes of a length follow one another in the order
 * of their symbols.
 */
const TREE: readonly number[] = buildTree();

function buildTree(): number[] {
  const tree = [0, 0];
  let code = 0;
  let lastBits = 0;
  for (const [bits, symbols] of SYMBOLS_BY_LENGTH) {
    code *= 2 ** (bits - lastBits);
    lastBits = bits;
    for (const entry of symbols) {
      const [first, last] = typeof entry === "number" ? [entry, entry] : entry;
      for (let symbol = first; symbol <= last; symbol += 1) {
        insert(tree, code, bits, symbol);
        code += 1;
      }
    }
  }
  return tree;
}

function insert(tree: number[], code: number, bits: number, symbol: number): void {
  let node = 0;
  for (let left = bits - 1; left > 0; left -= 1) {
    const at = 2 * node + ((code >>> left) & 1);
    if (tree[at] === 0) {
      tree[at] = tree.length / 2;
      tree.push(0, 0);
    }
    node = tree[at] ?? 0;
  }
  tree[2 * node + (code & 1)] = -1 - symbol;
}

/**
 * The bytes of a Huffman-coded string, as ISO 8859-1 text.
 *
 * @returns undefined for a code that holds the end symbol or ends in more than 7 bits, or in others
 *   than ones, after the last symbol. @see RFC 7541 section 5.2
 */
export function decodeHuffman(bytes: Uint8Array): string | undefined {
  const symbols: number[] = [];
  let node = 0;
  let pendingBits = 0;
  let isAllOnes = true;
  for (const byte of bytes) {
    for (let shift = 7; shift >= 0; shift -= 1) {
      const bit = (byte >>> shift) & 1;
      const next = TREE[2 * node + bit] ?? 0;
      pendingBits += 1;
      isAllOnes &&= bit === 1;
      if (next > 0) node = next;
      else {
        const symbol = -1 - next;
        if (symbol === END_OF_STRING || next === 0) return undefined;
        symbols.push(symbol);
        node = 0;
        pendingBits = 0;
        isAllOnes = true;
      }
    }
  }
  if (pendingBits > MAX_PADDING_BITS || !isAllOnes) return undefined;
  return Buffer.from(symbols).toString("latin1");
}
