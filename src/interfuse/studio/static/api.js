// Requests to the service; an error is the sentence of its problem+json.
export class Refused extends Error {}

async function read(response) {
  const json = (response.headers.get("content-type") || "").includes("json");
  const body = response.status === 204 ? null : json ? await response.json() : await response.text();
  if (!response.ok) throw new Refused(body && body.detail ? body.detail : response.statusText);
  return body;
}

export async function get(path) {
  return read(await fetch(`/v1${path}`));
}

export async function send(method, path, body, headers = {}) {
  const json = body === undefined ? {} : { "Content-Type": "application/json" };
  return read(await fetch(`/v1${path}`, { method, headers: { ...json, ...headers }, body: body === undefined ? undefined : JSON.stringify(body) }));
}

// Ask a model, and return the id of the answer; one that is there already comes back as its file.
export async function ask(path, body) {
  const headers = { "Content-Type": "application/json", Prefer: "respond-async" };
  const response = await fetch(`/v1${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  const there = response.ok && response.headers.get("x-interfuse-answer");
  return there || (await read(response)).id;
}

export function upload(file, progress, into = null) {
  const name = encodeURIComponent(file.name);
  return new Promise((done, failed) => {
    const request = new XMLHttpRequest();
    request.open("POST", into ? `/v1/uploads/${into}/files?name=${name}` : `/v1/uploads?name=${name}`);
    request.responseType = "json";
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.onprogress = (e) => progress && e.lengthComputable && progress(e.loaded / e.total);
    request.onload = () => (request.status < 300 ? done(request.response) : failed(new Refused(request.response?.detail || request.statusText)));
    request.onerror = () => failed(new Refused("the server cannot be reached"));
    request.send(file);
  });
}

export async function uploadAll(files, progress) {
  const many = files.length;
  let first = null;
  for (let i = 0; i < many; i++) {
    const one = await upload(files[i], (share) => progress && progress((i + share) / many), first && first.id);
    first = first || one;
  }
  return first;
}

// An answer, once it is there; told of progress meanwhile.
export async function answered(id, tell, alive = () => true) {
  for (let wait = 200; ; wait = Math.min(1500, wait * 1.3)) {
    const answer = await get(`/answers/${id}`);
    if (answer.status !== "running" || !alive()) return answer;
    tell && tell(answer.progress);
    await new Promise((go) => setTimeout(go, wait));
  }
}
