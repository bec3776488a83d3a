#!/bin/sh
# What importing sse-starlette does to uvicorn.
#
# Guess: nothing. A library that adds a response class changes no other package before it is used.
# Seen (sse-starlette 3.7.0, starlette 1.10.0, uvicorn 0.54.0, Python 3.11): `import sse_starlette` puts a function of its own in the place of
# uvicorn.Server.handle_exit, for every server of the process, also for those that never send an event. Whoever subclasses
# or patches handle_exit himself depends on which import came first.
. "$(dirname "$0")/_python.sh"
environment sse-starlette==3.7.0 uvicorn==0.54.0 starlette==1.10.0
cat >"$work/try.py" <<'END'
import uvicorn

before = uvicorn.Server.handle_exit
import sse_starlette

after = uvicorn.Server.handle_exit
print("the same function:", after is before, "- now of", after.__module__)
END
said=$("$python" "$work/try.py")
echo "$said"
case $said in
"the same function: False - now of sse_starlette"*) echo "as written above" ;;
*) echo "it has changed"; exit 1 ;;
esac
