// Reads the label on a drum with the camera: by the browser where it can, else by the server.
"use strict";
const EVERY_MS = 500;
const LONGEST = 1280; // pixels of a frame

const native = async () => {
  if (!("BarcodeDetector" in window)) return null;
  const formats = await BarcodeDetector.getSupportedFormats().catch(() => []);
  return formats.includes("qr_code") ? new BarcodeDetector({ formats: ["qr_code"] }) : null;
};

// The picture as a JPEG of so many pixels at most: smaller, and without what a camera adds to it.
export const jpeg = async (source, width, height, longest, quality = 0.85) => {
  const scale = Math.min(1, longest / Math.max(width, height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  canvas.getContext("2d").drawImage(source, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no picture"))), "image/jpeg", quality);
  });
};

const last = (text) => text.trim().replace(/[/?#\s]+$/, "").split("/").pop();
export const codeIn = last;

// Start looking; found(code) for each code that is seen. What ends it.
export const look = async (video, decode, found) => {
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 1280 } }, audio: false });
  video.srcObject = stream;
  video.hidden = false;
  await video.play();
  const detector = await native();
  let over = false;
  const turn = async () => {
    while (!over) {
      if (video.videoWidth) {
        try {
          const codes = detector
            ? (await detector.detect(video)).map((x) => x.rawValue)
            : await decode(await jpeg(video, video.videoWidth, video.videoHeight, LONGEST));
          if (!over && codes.length) found(last(codes[0]));
        } catch {
          // the next frame is another one
        }
      }
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
  };
  turn();
  return () => {
    over = true;
    stream.getTracks().forEach((track) => track.stop());
    video.srcObject = null;
    video.hidden = true;
  };
};
