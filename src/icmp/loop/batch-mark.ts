/** Batches are numbered modulo this in a mark; of two, the one less than half of it ahead is newer. */
export const BATCH_NUMBERS = 0x7fff;

/** In place of a batch's mark: an extra echo of the fast pace, which belongs to no batch. */
export const FAST_MARK = 0xffff;

/**
 * What an echo carries of its batch in 16 bits: the batch's number modulo `BATCH_NUMBERS`, and whether it is its last.
 *
 * @param batch Counts the batches of a stream.
 */
export function batchMark(batch: number, isLast: boolean): number {
  return ((batch % BATCH_NUMBERS) << 1) | (isLast ? 1 : 0);
}
