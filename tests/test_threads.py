"""Messages that arrive in other threads are handled in the main one, in turn."""

import asyncio
import threading

import gdviz as gd

TASK = gd.LinearRegression([0.0, 1.0, 2.0], [1.0, 2.0, 2.5])


def change(control, value):
    """Have a control hear from the page that it has a new value."""
    data = {"method": "update", "state": {"value": value}, "buffer_paths": []}
    control.comm.handle_msg({"content": {"data": data}, "buffers": []})


def press(button):
    data = {"method": "custom", "content": {"event": "click"}}
    button.comm.handle_msg({"content": {"data": data}, "buffers": []})


def test_messages_in_several_threads_are_answered_in_one():
    answered = []

    async def notebook():
        explorer = gd.DescentExplorer(TASK, iterations=3)
        control = explorer.initialization
        control.observe(lambda change: answered.append((change.name, threading.get_ident())))
        _, sigma = control.parameters
        # Each waits till it is answered, as the page does: they have to be in other threads.
        await asyncio.gather(
            *(asyncio.to_thread(change, sigma, value) for value in (0.5, 2.0)),
            *(asyncio.to_thread(press, control.new_sample) for _ in range(3)),
        )
        return explorer

    explorer = asyncio.run(notebook())
    assert sorted(name for name, _ in answered) == ["seed"] * 3 + ["value"] * 2
    assert {thread for _, thread in answered} == {threading.get_ident()}
    expected = gd.Gaussian(0, explorer.initialization.parameters[1].value)
    assert explorer.initialization.value == expected
    start = expected.sample((1, 2), rng=explorer.initialization.seed)
    assert (explorer.start == start).all()


def test_a_message_waits_for_the_end_of_the_cell():
    order = []

    async def notebook():
        slider = gd.DescentExplorer(TASK, iterations=3).iteration
        slider.observe(lambda _: order.append("answered"), "value")

        def send():
            change(slider, 1)
            order.append("done")

        thread = threading.Thread(target=send)
        thread.start()
        thread.join(0.2)
        order.append("the cell ends")
        await asyncio.to_thread(thread.join)

    asyncio.run(notebook())
    assert order == ["the cell ends", "answered", "done"]


def test_without_a_kernel_messages_are_answered_where_they_arrive():
    explorer = gd.DescentExplorer(TASK, iterations=3)
    change(explorer.iteration, 2)
    assert explorer.descent.iterations == 2


def test_a_figure_made_in_another_thread_is_answered_there():
    async def callback():
        explorer = gd.DescentExplorer(TASK, iterations=3)
        change(explorer.iteration, 2)
        return explorer.descent.iterations

    async def notebook():
        return await asyncio.to_thread(asyncio.run, callback())

    assert asyncio.run(notebook()) == 2
