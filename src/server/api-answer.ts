import type { ServerResponse } from "node:http";
import { type AnswerSentence, answer } from "./answer.ts";

export const JSON_TYPE = "application/json; charset=utf-8";

/** Ends the response with a small value; large ones are streamed. */
export function answerJson(response: ServerResponse, status: number, value: object): void {
  answer(response, { status, contentType: JSON_TYPE, body: `${JSON.stringify(value)}\n` });
}

/** `{"error": "one sentence"}`. */
export const answerError: AnswerSentence = (response, status, sentence) => {
  answerJson(response, status, { error: sentence });
};
