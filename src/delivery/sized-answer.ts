// This file sends a long body whose size is known, piece by piece as the viewer takes it.

export type SizedAnswer = {
  readonly request: Request;
  readonly status: 200 | 206;
  readonly headers: Readonly<Record<string, string>>;
  readonly sizeBytes: number;
  readonly body: AsyncGenerator<Uint8Array>;
};

export type SendSized = (answer: SizedAnswer) => Response | Promise<Response>;

/** Bun.serve leaves the length out where the body is a stream, and sends it in chunks. */
export const sendStreamed: SendSized = ({ status, headers, sizeBytes, body }) => {
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await body.next();
          if (done === true) controller.close();
          else controller.enqueue(value);
        } catch (error) {
          controller.error(error);
        }
      },
      async cancel() {
        await body.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
  const length = { 'content-length': String(sizeBytes) };
  return new Response(stream, { status, headers: { ...headers, ...length } });
};
