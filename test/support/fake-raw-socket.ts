import type {
  OnMessage,
  RawSocket,
  RawSocketPackage,
} from "../../src/icmp/transport/raw-socket/package.ts";

/** What a kernel says when there is nothing to read. */
const NOTHING_TO_READ = "Resource temporarily unavailable";

export type SentPacket = { readonly bytes: Buffer; readonly address: string };
export type SetOption = {
  readonly level: number;
  readonly option: number;
  readonly value: number | Buffer;
};

type Listeners = {
  message: OnMessage[];
  error: ((error: Error) => void)[];
  close: (() => void)[];
};

/** A socket as the package has it: a queue of its own ahead of a kernel that takes, refuses and holds packets. */
export class FakeRawSocket implements RawSocket {
  readonly sent: SentPacket[] = [];
  readonly options: SetOption[] = [];
  readonly bufferSize: number;
  isClosed = false;
  isReceivePaused = false;
  readonly #package: FakeRawSocketPackage;
  readonly #held: SentPacket[] = [];
  readonly #buffer: Buffer;
  readonly #requests: (() => void)[] = [];
  readonly #listeners: Listeners = { message: [], error: [], close: [] };

  constructor(of: FakeRawSocketPackage, bufferSize: number) {
    this.#package = of;
    this.bufferSize = bufferSize;
    this.#buffer = Buffer.alloc(bufferSize);
  }

  on<Event extends keyof Listeners>(event: Event, listener: Listeners[Event][number]): unknown {
    (this.#listeners[event] as unknown[]).push(listener);
    return this;
  }

  send: RawSocket["send"] = (buffer, offset, length, address, before, after) => {
    if (offset + length > buffer.length) {
      after(new Error(`Buffer length '${buffer.length}' is not large enough`));
      return this;
    }
    this.#requests.push(() => {
      before();
      const bytes = Buffer.from(buffer.subarray(offset, offset + length));
      const refusal = this.#package.refuse(address, bytes);
      if (refusal === undefined) {
        this.sent.push({ bytes, address });
        this.#package.onSent(bytes, address);
      }
      after(refusal === undefined ? null : new Error(refusal));
    });
    return this;
  };

  onSendReady(): void {
    this.#requests.shift()?.();
  }

  /** The kernel holds a packet for this socket from now on. */
  hold(bytes: Uint8Array, address: string): void {
    this.#held.push({ bytes: Buffer.from(bytes), address });
  }

  get held(): number {
    return this.#held.length;
  }

  /** The event loop's part: reads one packet if the socket is waited on. @returns whether it did. */
  wake(): boolean {
    if (this.isClosed || this.isReceivePaused || this.#held.length === 0) return false;
    this.onRecvReady();
    return true;
  }

  onRecvReady(): void {
    if (this.isClosed) throw new Error("the package would open another socket here");
    try {
      const packet = this.#held.shift();
      if (packet === undefined) throw new Error(NOTHING_TO_READ);
      const { bytes, address } = packet;
      const refusal = this.#package.refuseRead(bytes);
      if (refusal !== undefined) throw new Error(refusal);
      const length = bytes.copy(this.#buffer);
      for (const listener of this.#listeners.message) {
        listener(this.#buffer.subarray(0, length), address);
      }
    } catch (error) {
      this.#emitError(error as Error);
    }
  }

  #emitError(error: Error): void {
    for (const listener of this.#listeners.error) listener(error);
  }

  /** Waiting on the descriptor fails: the package tells libuv's number and closes the socket. */
  break(): void {
    this.#emitError(new Error("-9"));
    this.close();
  }

  pauseRecv(): void {
    this.isReceivePaused = true;
  }

  resumeRecv(): void {
    this.isReceivePaused = false;
  }

  setOption(level: number, option: number, value: number | Buffer): void {
    const refusal = this.#package.refuseOption(level, option);
    if (refusal !== undefined) throw new Error(refusal);
    this.options.push({ level, option, value });
  }

  getOption(_level: number, option: number, value: Buffer, length: number): number {
    if (option === this.#package.SocketOption.SO_RCVBUF) value.writeInt32LE(8192);
    else value.writeUInt32LE(this.#package.drops, length - 4);
    return length;
  }

  close(): void {
    this.isClosed = true;
    for (const listener of this.#listeners.close) listener();
  }
}

/** The package, with a script in place of the kernel. */
export class FakeRawSocketPackage implements RawSocketPackage {
  readonly SocketLevel = { SOL_SOCKET: 1, IPPROTO_IP: 0, IPPROTO_IPV6: 41 } as const;
  readonly SocketOption = {
    SO_RCVBUF: 8,
    SO_SNDBUF: 7,
    IP_TTL: 2,
    IP_TOS: 1,
    IPV6_UNICAST_HOPS: 16,
  } as const;
  /** In order of opening: the receiver of a transport is its first. */
  readonly sockets: FakeRawSocket[] = [];
  drops = 0;
  openRefusal: string | undefined;
  /** Each gives the system's text to refuse with. */
  refuse: (address: string, bytes: Buffer) => string | undefined = () => undefined;
  refuseRead: (bytes: Buffer) => string | undefined = () => undefined;
  refuseOption: (level: number, option: number) => string | undefined = () => undefined;
  onSent: (bytes: Buffer, address: string) => void = () => {};

  createSocket({ bufferSize }: { readonly bufferSize: number }): FakeRawSocket {
    if (this.openRefusal !== undefined) throw new Error(this.openRefusal);
    const socket = new FakeRawSocket(this, bufferSize);
    this.sockets.push(socket);
    return socket;
  }

  get open(): readonly FakeRawSocket[] {
    return this.sockets.filter((socket) => !socket.isClosed);
  }

  /** The socket that reads, or will. */
  get receiver(): FakeRawSocket {
    const found = this.open.find((socket) => socket.bufferSize > 1024);
    if (found === undefined) throw new Error("no receiving socket is open");
    return found;
  }
}
