import { type PingListener, PingRun, type PingTools } from "../batch/ping-run.ts";
import { withPingTools } from "../batch/session.ts";
import type { PingSettings } from "../batch/settings.ts";
import { systemClock } from "../runtime/clock.ts";
import { LiveTable } from "./live-table.ts";
import { PingBoard } from "./ping-board.ts";
import { PING_HELP, parsePingFlags } from "./ping-flags.ts";
import { echoJson, echoLine, failureLine, summaryJson } from "./ping-lines.ts";
import { tableLines } from "./ping-table.ts";
import { EXIT, type Screen } from "./terminal.ts";

/** What `sounder ping` works with besides its screen; a test hands in its own. */
export type PingSurroundings = {
  readonly withTools: <T>(
    settings: PingSettings,
    work: (tools: PingTools) => Promise<T>,
  ) => Promise<T>;
  /** Calls back at Ctrl-C or a request to end, each time. */
  readonly onInterrupt: (callback: () => void) => void;
  readonly wallSeconds: () => number;
};

const END_SIGNALS = ["SIGINT", "SIGTERM"] as const;

const systemSurroundings: PingSurroundings = {
  withTools: withPingTools,
  // Until the process has ended, which is soon then: npm passes Ctrl-C on, so that it comes twice.
  onInterrupt: (callback) => {
    for (const signal of END_SIGNALS) process.on(signal, callback);
  },
  wallSeconds: systemClock.wallSeconds,
};

/** `sounder ping`: returns its exit code after the summary. */
export async function ping(
  argv: readonly string[],
  screen: Screen,
  surroundings: PingSurroundings = systemSurroundings,
): Promise<number> {
  const request = parsePingFlags(argv);
  switch (request.kind) {
    case "help":
      screen.stdout(PING_HELP);
      return EXIT.fine;
    case "wrong":
      screen.stderr(`sounder ping: ${request.sentence}\nTry "sounder ping --help".\n`);
      return EXIT.wrongUse;
    case "ping":
      return run(request, screen, surroundings);
  }
}

type Request = Extract<ReturnType<typeof parsePingFlags>, { readonly kind: "ping" }>;

async function run(
  { names, settings, isJson }: Request,
  screen: Screen,
  surroundings: PingSurroundings,
): Promise<number> {
  const board = new PingBoard(names);
  const ending = new AbortController();
  surroundings.onInterrupt(() => ending.abort());
  let isReaderGone = false;
  const offReader = screen.onReaderGone(() => {
    isReaderGone = true;
    ending.abort();
  });
  try {
    await surroundings.withTools(settings, async (tools) => {
      const view = viewOf({ board, screen, tools, isJson, wallSeconds: surroundings.wallSeconds });
      try {
        await new PingRun({ names, settings, tools, listener: view }).run(ending.signal);
      } finally {
        view.close();
      }
    });
    if (!isReaderGone) screen.stdout(isJson ? jsonSummary(board) : summary(board));
    return board.haveAllAnswered ? EXIT.fine : EXIT.failed;
  } catch (error) {
    screen.stderr(`sounder ping: ${error instanceof Error ? error.message : String(error)}\n`);
    return EXIT.failed;
  } finally {
    offReader();
  }
}

type View = PingListener & { readonly close: () => void };

/** Shows what happens while it does: JSON lines, a live table, or plain lines. */
function viewOf(options: {
  readonly board: PingBoard;
  readonly screen: Screen;
  readonly tools: Pick<PingTools, "clock" | "after">;
  readonly isJson: boolean;
  readonly wallSeconds: () => number;
}): View {
  const { board, screen, tools, isJson } = options;
  const table =
    screen.isTerminal && !isJson ? new LiveTable({ board, screen, ...tools }) : undefined;
  return {
    onAimed: (index, { text }) => {
      board.aim(index, text);
      table?.changed();
    },
    onFailed: (index, failure) => {
      board.fail(index, failure);
      if (table !== undefined) table.changed();
      else if (!isJson) screen.stderr(`${failureLine(board.nameOf(index), failure)}\n`);
    },
    onEcho: (echo) => {
      board.add(echo);
      if (table !== undefined) table.changed();
      else {
        const line = isJson ? echoJson(echo, options.wallSeconds()) : echoLine(echo);
        screen.stdout(`${line}\n`);
      }
    },
    close: () => table?.close(),
  };
}

function summary(board: PingBoard): string {
  const lines = tableLines(board.rows(), { columns: Number.POSITIVE_INFINITY, hasLast: false });
  return `\n${lines.join("\n")}\nTimes in ms.\n`;
}

function jsonSummary(board: PingBoard): string {
  return board
    .rows()
    .map((row) => `${summaryJson(row)}\n`)
    .join("");
}
