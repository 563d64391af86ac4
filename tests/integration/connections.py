"""connections.py HOST PORT RATE SECONDS: so many connections a second, each one request and its whole answer.

A connection that fails, or gets another answer than "hello from nginx", is lost. Says how many there were.
"""
import asyncio
import sys

HOST, PORT, RATE, SECONDS = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
done = {"ok": 0, "lost": 0}
reasons = {}


async def one():
    try:
        reader, writer = await asyncio.wait_for(asyncio.open_connection(HOST, PORT), 20)
        writer.write(b"GET / HTTP/1.0\r\n\r\n")
        answer = await asyncio.wait_for(reader.read(), 20)
        writer.close()
        if not answer.endswith(b"hello from nginx\n"):
            raise ValueError("answer of %d bytes" % len(answer))
        done["ok"] += 1
    except (OSError, ValueError, asyncio.TimeoutError) as e:
        done["lost"] += 1
        reasons[repr(e)] = reasons.get(repr(e), 0) + 1


async def main():
    loop = asyncio.get_running_loop()
    begin, total, tasks = loop.time(), int(RATE * SECONDS), set()
    for i in range(total):
        # a machine that is slow for a moment catches up: the rate is kept on average
        ahead = begin + i / RATE - loop.time()
        if ahead > 0:
            await asyncio.sleep(ahead)
        elif i % 64 == 0:
            await asyncio.sleep(0)
        task = loop.create_task(one())
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    took = loop.time() - begin
    await asyncio.gather(*tasks)
    print("connections %d in %.1f s, answered %d, lost %d" % (total, took, done["ok"], done["lost"]), reasons or "")


asyncio.run(main())
